"""Who calls: the check of the access token that every API answer starts with."""

from __future__ import annotations

from starlette.requests import Request

from sandbox.identity.grants import Consent
from sandbox.identity.problems import Refused, token_expired, unauthorized
from sandbox.world import World


def caller(world: World, request: Request) -> Consent:
    """The consent behind the request's bearer token.

    Raises:
        Refused: 401, with `TokenExpired` when refreshing would help and `AuthenticationUnsuccessful` otherwise.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known = world.grants.bearer(token.strip()) if scheme.lower() == "bearer" else None
    if known is None:
        raise Refused(unauthorized())
    tokens, expires = known
    if world.clock.now() >= expires:
        raise Refused(token_expired(expires))
    return tokens.consent
