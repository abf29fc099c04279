"""Verifies the id_token, which tells who gave the consent (OpenID Connect Core §3.1.3.7)."""

from datetime import datetime
from types import MappingProxyType

from joserfc import jwt
from joserfc.errors import ClaimError, JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from xpm.xero.app import XeroApp
from xpm.xero.errors import CallbackReason, CallbackRefused
from xpm.xero.oauth.authlib_parts import validate_id_token_claims

ALGORITHMS = ["RS256"]  # from Xero's discovery document; the algorithm that the token names is ignored
_LEEWAY = 60  # seconds by which Xero's clock and ours may differ

_REASON_OF_CLAIM = MappingProxyType(
    {
        "iss": CallbackReason.ISSUER,
        "aud": CallbackReason.AUDIENCE,
        "azp": CallbackReason.AUDIENCE,
        "exp": CallbackReason.EXPIRED,
        "nbf": CallbackReason.EXPIRED,
        "iat": CallbackReason.EXPIRED,
        "nonce": CallbackReason.NONCE,
        "at_hash": CallbackReason.ACCESS_TOKEN_HASH,
    }
)


class Identity(BaseModel):
    """The person who gave a consent. `xero_userid` is the stable key; the rest is for display and may change."""

    model_config = ConfigDict(frozen=True)

    xero_userid: str
    email: str | None = None
    given_name: str | None = None
    family_name: str | None = None


def verified_identity(
    id_token: SecretStr, *, keys: KeySet, app: XeroApp, nonce: SecretStr, access_token: SecretStr, now: datetime
) -> Identity:
    """Return the identity in an id_token that Xero issued to us for this consent and that has not expired.

    Raises `CallbackRefused` with the reason. `at_hash` is checked if present; with a code it is optional (§3.1.3.8).
    """
    try:
        token = jwt.decode(id_token.get_secret_value(), keys, algorithms=ALGORITHMS)
    except (JoseError, ValueError):
        raise _refused("is not signed by Xero", CallbackReason.SIGNATURE) from None
    try:
        validate_id_token_claims(
            token,
            issuer=app.issuer,
            client_id=app.client_id,
            nonce=nonce.get_secret_value(),
            access_token=access_token.get_secret_value(),
            now=int(now.timestamp()),
            leeway=_LEEWAY,
        )
    except ClaimError as error:
        reason = _REASON_OF_CLAIM.get(error.claim, CallbackReason.IDENTITY)
        raise _refused(f"has no valid {error.claim}", reason) from None
    try:
        return Identity.model_validate(token.claims)
    except ValidationError:
        raise _refused("names nobody", CallbackReason.IDENTITY) from None


def _refused(what: str, reason: CallbackReason) -> CallbackRefused:
    return CallbackRefused(f"The id_token {what}.", reason=reason)
