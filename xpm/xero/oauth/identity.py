"""Verifies the id_token, which tells who gave the consent (OpenID Connect Core §3.1.3.7)."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeVar

from joserfc import jwt
from joserfc.errors import ClaimError, InvalidClaimError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from xpm.xero.app import OAuthApp
from xpm.xero.clock import TOLERANCE
from xpm.xero.errors import CallbackReason, CallbackRefused
from xpm.xero.models.scalars import Key, Text
from xpm.xero.oauth.authlib_parts import validate_id_token_claims
from xpm.xero.tokens import UNREADABLE

ALGORITHMS = ["RS256"]  # from Xero's discovery document; the algorithm that the token names is ignored
_TIMES = ("exp", "nbf", "iat")

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


Who = TypeVar("Who", bound=BaseModel)


class Identity(BaseModel):
    """The person who gave a consent. `xero_userid` is the stable key; the rest is for display and may change."""

    model_config = ConfigDict(frozen=True)

    xero_userid: Key
    email: Text | None = None
    given_name: Text | None = None
    family_name: Text | None = None


class IssuedIdentity(BaseModel):
    """Whom an issuer logged in. Issuer and `subject` are the stable key (OpenID Connect Core §5.7).

    `email_verified`: the issuer itself says that the address is this person's (§5.1). Xero does not say it.
    """

    model_config = ConfigDict(frozen=True)

    subject: Key = Field(validation_alias="sub")
    email: Text | None = None
    email_verified: bool = False
    name: Text | None = None
    given_name: Text | None = None
    family_name: Text | None = None
    xero_userid: Key | None = None


def verified_identity(
    model: type[Who],
    id_token: SecretStr,
    *,
    keys: KeySet,
    app: OAuthApp,
    nonce: SecretStr,
    access_token: SecretStr,
    now: datetime,
    issuer_time: datetime | None = None,
) -> Who:
    """Return, as `model` reads it, the identity in an id_token that was issued to us for this login and is still valid.

    `issuer_time` is the issuer's time in the answer that brought the token, if known. `at_hash` is checked if present;
    with a code it is optional (§3.1.3.8). Raises `CallbackRefused` with the reason.
    """
    try:
        token = jwt.decode(id_token.get_secret_value(), keys, algorithms=ALGORITHMS)
    except UNREADABLE:
        raise _refused("is not signed by its issuer", CallbackReason.SIGNATURE) from None
    try:
        validate_id_token_claims(
            token,
            issuer=app.issuer,
            client_id=app.client_id,
            nonce=nonce.get_secret_value(),
            access_token=access_token.get_secret_value(),
            now=int(now.timestamp()),
            leeway=int(TOLERANCE.total_seconds()),
        )
        _require_finite(token.claims)
    except ClaimError as error:
        reason = _REASON_OF_CLAIM.get(error.claim, CallbackReason.IDENTITY)
        if reason is CallbackReason.EXPIRED and _clocks_differ(token.claims, now, issuer_time):
            reason = CallbackReason.CLOCK
        raise _refused(f"has no valid {error.claim}", reason) from None
    try:
        return model.model_validate(token.claims)
    except ValidationError:
        raise _refused("names nobody", CallbackReason.IDENTITY) from None


def _require_finite(claims: Mapping[str, object]) -> None:
    """Raise ClaimError for a time that is no number: Python's JSON reads NaN, and no comparison with it fails."""
    for name in _TIMES:
        if isinstance(moment := claims.get(name, 0), float) and not math.isfinite(moment):
            raise InvalidClaimError(name)


def _clocks_differ(claims: Mapping[str, object], now: datetime, issuer_time: datetime | None) -> bool:
    """Whether the times fail because a clock is wrong, and not because the token is an old one.

    Without the issuer's time, the token's own time of issue stands for it: it was issued to answer our request.
    """
    return abs(now - (issuer_time or _issued_at(claims) or now)) > TOLERANCE


def _issued_at(claims: Mapping[str, object]) -> datetime | None:
    issued = claims.get("iat", claims.get("nbf"))
    try:
        return datetime.fromtimestamp(issued, UTC) if isinstance(issued, int | float) else None
    except (ValueError, OverflowError, OSError):  # no year that we know
        return None


def _refused(what: str, reason: CallbackReason) -> CallbackRefused:
    return CallbackRefused(f"The id_token {what}.", reason=reason)
