"""The token endpoint (RFC 6749 §3.2): exchanging a code (§4.1.3) and refreshing (§6).

Each refresh returns a new refresh token. The previous one still works for 30 minutes after its use, so after a lost
answer the refresh can be repeated with it (Xero's OAuth FAQ). That is why lost answers have an error of their own.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Literal, NamedTuple

import httpx
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr, ValidationError
from pydantic_core import from_json

from xpm.xero.app import OAuthApp, XeroApp
from xpm.xero.clock import Clock
from xpm.xero.errors import (
    AnswerLost,
    ConsentNeeded,
    MisconfiguredApp,
    RateLimited,
    Refused,
    UnreadableAnswer,
    XeroError,
    XeroUnavailable,
)
from xpm.xero.http.answers import NEVER_SENT, facts_of, server_time
from xpm.xero.oauth.authlib_parts import authenticated, token_request_body
from xpm.xero.oauth.callback import ExpectedCallback
from xpm.xero.tokens import TokenSet, access_token_claims, scopes_in

TIMEOUT = httpx.Timeout(30.0, connect=10.0)  # seconds; shorter than the lease that a refresh holds
ASSUMED_LIFE = 1_800
"""Seconds that an access token is taken to last if the answer does not say so sensibly (RFC 6749 §5.1 lets a server
document its default): Xero's documented half hour. If it ends earlier, the first 401 renews it."""

LONGEST_LIFE = 86_400
"""Seconds. No access token of Xero's lasts longer; a larger number is a mistake, and is not believed."""

LONGEST_TOKEN = 16 * 1024
"""Characters of a token that can still be sent in a header. Xero's have some 1,500."""

_LABEL = "oauth.token"
_SENDABLE = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_TOKEN}}}")  # RFC 6749 appendix A.12 and A.17, without spaces
_APP_ERRORS = ("invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type")


def _sendable(token: SecretStr) -> SecretStr:
    if not _SENDABLE.fullmatch(token.get_secret_value()):
        raise ValueError("not a token that can be sent")
    return token


def _lower(word: object) -> object:
    return word.lower() if isinstance(word, str) else word


def _seconds(value: object) -> int:
    """Return the lifetime, or the assumed one: a code must not be spent for nothing because of an odd number."""
    if isinstance(value, str) and re.fullmatch("[0-9]{1,6}", value):
        value = int(value)
    is_sensible = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LONGEST_LIFE
    return int(value) if is_sensible else ASSUMED_LIFE  # type: ignore[call-overload]


Token = Annotated[SecretStr, AfterValidator(_sendable)]


class TokenAnswer(BaseModel):
    """A successful token answer (RFC 6749 §5.1), with the id_token of OpenID Connect Core §3.1.3.3.

    A token of another type than Bearer must not be used (§7.1); if the type is missing, Bearer is meant.
    """

    model_config = ConfigDict(frozen=True)

    access_token: Token
    token_type: Annotated[Literal["bearer"], BeforeValidator(_lower)] = "bearer"  # noqa: S105  no secret
    expires_in: Annotated[int, BeforeValidator(_seconds)] = ASSUMED_LIFE
    refresh_token: Token | None = None
    id_token: SecretStr | None = None
    scope: str | None = None


class Exchanged(NamedTuple):
    """What a code was exchanged for. `issuer_time` is Xero's time in the answer, if it has a `Date`."""

    tokens: TokenSet
    id_token: SecretStr
    issuer_time: datetime | None


def exchange(
    http: httpx.Client, app: XeroApp, clock: Clock, *, code: SecretStr, code_verifier: SecretStr, redirect_uri: str
) -> Exchanged:
    """Exchange a code for tokens and the id_token (RFC 6749 §4.1.3, RFC 7636 §4.5).

    Raises `ConsentNeeded` if Xero refuses the code; `MisconfiguredApp` if it refuses the app, or if the answer lacks a
    refresh token or id_token; `AnswerLost` or `XeroUnavailable` if no answer came. A code works once: never retry this.
    """
    asked_at = clock()
    answer, issuer_time = _ask(http, app, _code_form(code, code_verifier, redirect_uri))
    if answer.refresh_token is None or answer.id_token is None:
        lacking = "offline_access" if answer.refresh_token is None else "openid"
        raise MisconfiguredApp(f"The consent was given without the scope {lacking}.", endpoint=_LABEL)
    return Exchanged(_token_set(answer, answer.refresh_token, asked_at, app), answer.id_token, issuer_time)


def identify(
    http: httpx.Client, app: OAuthApp, *, code: SecretStr, expected: ExpectedCallback
) -> tuple[SecretStr, SecretStr, datetime | None]:
    """Exchange a code for the access token, which `at_hash` binds, the id_token, and the issuer's time.

    Raises as `exchange`.
    """
    answer, issuer_time = _ask(http, app, _code_form(code, expected.code_verifier, expected.redirect_uri))
    if answer.id_token is None:
        raise MisconfiguredApp("The login was given without the scope openid.", endpoint=_LABEL)
    return answer.access_token, answer.id_token, issuer_time


def refresh(http: httpx.Client, app: XeroApp, clock: Clock, refresh_token: SecretStr) -> TokenSet:
    """Exchange a refresh token for newer tokens (RFC 6749 §6).

    Raises `ConsentNeeded` if the refresh token is dead, `MisconfiguredApp` if Xero refuses the app, `AnswerLost` if the
    refresh may have happened, and `XeroUnavailable` if it did not.
    """
    asked_at = clock()
    answer, _ = _ask(http, app, token_request_body("refresh_token", refresh_token=refresh_token.get_secret_value()))
    return _token_set(answer, answer.refresh_token or refresh_token, asked_at, app)


def _code_form(code: SecretStr, code_verifier: SecretStr, redirect_uri: str) -> str:
    return token_request_body(
        "authorization_code",
        code=code.get_secret_value(),
        redirect_uri=redirect_uri,
        code_verifier=code_verifier.get_secret_value(),
    )


def _token_set(answer: TokenAnswer, refresh_token: SecretStr, asked_at: datetime, app: XeroApp) -> TokenSet:
    """Build the token set. Without `scope` in the answer, the access token's scopes count, then the requested ones.

    RFC 6749 §5.1: an answer without `scope` grants what was requested.
    """
    granted = scopes_in(answer.scope) or scopes_in(access_token_claims(answer.access_token).get("scope"))
    return TokenSet(
        access_token=answer.access_token,
        refresh_token=refresh_token,
        expires_at=asked_at + timedelta(seconds=answer.expires_in),
        scopes=granted or frozenset(app.scopes),
    )


def _ask(http: httpx.Client, app: OAuthApp, form: str) -> tuple[TokenAnswer, datetime | None]:
    response = post(http, app, app.token_url, form, _LABEL)
    if response.status_code != HTTPStatus.OK:
        raise refusal_of(response, _LABEL)
    try:
        return TokenAnswer.model_validate_json(response.content), server_time(response)
    except ValidationError as error:
        wrong = ", ".join(sorted({str(fault["loc"][0]) for fault in error.errors(include_input=False) if fault["loc"]}))
        reason = f"cannot be used because of: {wrong}" if wrong else "cannot be read"
        failure = AnswerLost(f"Xero's answer with the tokens {reason}.", endpoint=_LABEL, status=200)
    raise failure  # outside the handler, so that it is not chained to the validation error, which contains the tokens


def post(http: httpx.Client, app: OAuthApp, url: str, form: str, label: str) -> httpx.Response:
    """Send a form as the app. Failures below HTTP raise `XeroUnavailable` or `AnswerLost`."""
    headers, body = authenticated(app, url, form)
    try:
        return http.request("POST", url, content=body, headers=headers, timeout=TIMEOUT, auth=None)
    except NEVER_SENT as error:
        failure = XeroUnavailable(f"Xero cannot be reached for {label} ({type(error).__name__}).", endpoint=label)
    except httpx.RequestError as error:
        failure = AnswerLost(f"Xero's answer to {label} was lost ({type(error).__name__}).", endpoint=label)
    raise failure  # outside the handler, so that it is not chained to httpx's error, whose request contains secrets


def refusal_of(response: httpx.Response, label: str) -> XeroError:
    """Return the error for an answer (RFC 6749 §5.2). Only `error` decides; Xero rarely sends a description."""
    status = response.status_code
    facts = facts_of(response, label)
    error = _error_code(response)
    if error == "invalid_grant":
        return ConsentNeeded("Xero no longer accepts this consent (invalid_grant).", **facts)
    if error in _APP_ERRORS:
        return MisconfiguredApp(f"Xero does not accept the app ({error}).", **facts)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited("Xero's token endpoint was called too often.", **facts)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return AnswerLost(f"Xero cannot answer {label} now (status {status}).", **facts)
    if status < HTTPStatus.BAD_REQUEST:
        return UnreadableAnswer(f"Xero answered {label} with status {status}.", **facts)
    return Refused(f"Xero refused {label} (status {status}).", **facts)


def _error_code(response: httpx.Response) -> str | None:
    try:
        content = from_json(response.content)  # unlike Python's own, it refuses what is nested too deeply
    except ValueError:
        return None
    error = content.get("error") if isinstance(content, Mapping) else None
    return error if isinstance(error, str) else None
