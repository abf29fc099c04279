"""Checks the access token. Every API of the sandbox does this first."""

from __future__ import annotations

from starlette.requests import Request

from sandbox.identity.grants import GivenConsent
from sandbox.identity.problems import AccessRefused, token_expired, unauthorized
from sandbox.world import World


def caller(world: World, request: Request) -> GivenConsent:
    """Return the consent behind the request's bearer token.

    Raises:
        AccessRefused: 401 with `TokenExpired` if a refresh would help, else with `AuthenticationUnsuccessful`.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known = world.grants.bearer(token.strip()) if scheme.lower() == "bearer" else None
    if known is None:
        raise AccessRefused(unauthorized())
    tokens, expires = known
    if world.clock.now() >= expires:
        raise AccessRefused(token_expired(expires))
    return tokens.consent
