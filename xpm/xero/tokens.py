"""The tokens of one consent, and the claims read from the access token."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from joserfc import jws
from joserfc.errors import JoseError
from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretStr

from xpm.xero.models.scalars import storable_key

MOST_SCOPES = 200
"""Scopes of a token. Xero has some forty."""

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,255}")  # RFC 6749 §3.3

UNREADABLE = (JoseError, ValueError, TypeError, RecursionError)
"""What joserfc raises for a token that is malformed, oddly typed, or nested too deeply."""


class TokenSet(BaseModel):
    """The access and refresh token of one person and one app. One set serves every account the person connected.

    `expires_at` (aware UTC) counts from the request, not the answer, so a slow answer never makes a token seem younger
    than it is.
    """

    model_config = ConfigDict(frozen=True)

    access_token: SecretStr
    refresh_token: SecretStr
    expires_at: AwareDatetime
    scopes: frozenset[str] = frozenset()

    @cached_property
    def authentication_event_id(self) -> str | None:
        """The consent that gave the access token: the `authEventId` of its connections."""
        event = access_token_claims(self.access_token).get("authentication_event_id")
        return storable_key(event)

    def expires_before(self, moment: datetime) -> bool:
        """Whether the access token is expired at `moment`."""
        return self.expires_at <= moment


def access_token_claims(access_token: SecretStr) -> Mapping[str, object]:
    """Return the unverified claims of an access token; none if it is not a JWT.

    An access token is for Xero, not for us (RFC 6749 §1.4). Read only `authentication_event_id` and `scope` from it;
    never identify a person by it.
    """
    try:
        claims = json.loads(jws.extract_compact(access_token.get_secret_value().encode()).payload)
    except UNREADABLE:
        return {}
    return claims if isinstance(claims, dict) else {}


def scopes_in(value: object) -> frozenset[str]:
    """Read scopes: space-separated in token answers (RFC 6749 §3.3), an array in access tokens.

    What cannot be a scope is left out; the databases could not hold all of it either.
    """
    listed = value.split() if isinstance(value, str) else value if isinstance(value, list) else ()
    return frozenset(scope for scope in listed[:MOST_SCOPES] if isinstance(scope, str) and _SCOPE.fullmatch(scope))
