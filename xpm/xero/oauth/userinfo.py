"""What an issuer says about a person beyond the id_token (OpenID Connect Core §5.3)."""

import httpx
from pydantic import SecretStr, ValidationError

from xpm.xero.errors import CallbackReason, CallbackRefused, UnreadableAnswer, XeroUnavailable
from xpm.xero.oauth.identity import IssuedIdentity

_LABEL = "oauth.userinfo"
_TIMEOUT = httpx.Timeout(10.0)  # seconds; a person waits


def completed(http: httpx.Client, url: str, access_token: SecretStr, who: IssuedIdentity) -> IssuedIdentity:
    """Return the person with the claims that the id_token leaves out, as issuers may with a code (§5.4).

    Raises `XeroUnavailable` or `UnreadableAnswer` if the issuer does not say, and `CallbackRefused` if it speaks of
    somebody else (§5.3.2).
    """
    try:
        answer = http.get(
            url, headers={"Authorization": f"Bearer {access_token.get_secret_value()}"}, timeout=_TIMEOUT, auth=None
        )
    except httpx.RequestError as error:
        failure = XeroUnavailable(f"The issuer cannot be asked who it is ({type(error).__name__}).", endpoint=_LABEL)
    else:
        return _read(answer, who)
    raise failure  # outside the handler, so that it is not chained to httpx's error, whose request has the token


def _read(answer: httpx.Response, who: IssuedIdentity) -> IssuedIdentity:
    if answer.status_code != httpx.codes.OK:
        raise XeroUnavailable(f"The issuer does not say who it is (status {answer.status_code}).", endpoint=_LABEL)
    try:
        told = IssuedIdentity.model_validate_json(answer.content)
    except ValidationError:
        raise UnreadableAnswer("What the issuer says about the person cannot be read.", endpoint=_LABEL) from None
    if told.subject != who.subject:
        raise CallbackRefused("The issuer speaks of another person.", reason=CallbackReason.IDENTITY)
    known = who.model_dump(exclude_defaults=True) | {"subject": who.subject}
    return told.model_copy(update=known)
