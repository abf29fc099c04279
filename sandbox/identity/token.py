"""The token and revocation endpoints (RFC 6749 4.1.3 and 6, RFC 7009), as strict and terse as Xero's."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.identity.grants import ACCESS_LIFETIME, GivenConsent, GrantRefused, IssuedTokens
from sandbox.identity.keys import left_half_hash, sign
from sandbox.people import App, XeroUser
from sandbox.world import World

_NEVER_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 5.1


class TokenRefused(Exception):
    """An error of RFC 6749 5.2. Xero answers each with 400, usually without a description."""


async def token(request: Request) -> Response:
    """`POST /connect/token`."""
    world: World = request.app.state.world
    form = await _form(request)
    try:
        app = _client(world, request, form)
        tokens = _granted(world, app, form)
    except TokenRefused as refusal:
        return _refused(str(refusal))
    except GrantRefused:
        return _refused("invalid_grant")
    return JSONResponse(_answer(world, tokens, str(request.base_url).rstrip("/")), headers=_NEVER_STORE)


async def revocation(request: Request) -> Response:
    """`POST /connect/revocation`: revoke the person's tokens for the app and remove all their connections to it.

    An unknown token also gets a 200 (RFC 7009 2.2).
    """
    world: World = request.app.state.world
    form = await _form(request)
    try:
        app = _client(world, request, form)
    except TokenRefused as refusal:
        return _refused(str(refusal))
    tokens = world.grants.owner(form.get("token", ""))
    if tokens is not None and tokens.consent.client_id == app.client_id:
        email = tokens.consent.email
        world.grants.revoke(email, app.client_id)
        world.connections.remove(lambda known: known.email == email and known.client_id == app.client_id)
    return Response(status_code=200)


async def _form(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def _refused(error: str) -> Response:
    return JSONResponse({"error": error}, status_code=400, headers=_NEVER_STORE)


def _client(world: World, request: Request, form: Mapping[str, str]) -> App:
    """Identify the app: one with a secret only by Basic, a PKCE app only by `client_id` in the body."""
    basic = _basic(request.headers.get("Authorization", ""))
    client_id = basic[0] if basic else form.get("client_id", "")
    app = world.apps.get(client_id)
    if app is None:
        raise TokenRefused("invalid_client")
    if app.is_public:
        proven = basic is None
    else:
        proven = basic is not None and secrets.compare_digest(basic[1].encode(), (app.secret or "").encode())
    if not proven:
        raise TokenRefused("invalid_client")
    return app


def _basic(header: str) -> tuple[str, str] | None:
    """Decode a Basic header. Both halves are form-encoded before they are joined (RFC 6749 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ("", "")
    return unquote_plus(name), unquote_plus(password)


def _granted(world: World, app: App, form: Mapping[str, str]) -> IssuedTokens:
    grant = form.get("grant_type", "")
    world.request_log.count_token_request(grant)
    if grant == "authorization_code":
        return world.grants.redeem(
            form.get("code", ""), app.client_id, form.get("redirect_uri", ""), form.get("code_verifier")
        )
    if grant == "refresh_token":
        return world.grants.refresh(form.get("refresh_token", ""), app.client_id)
    if grant == "client_credentials":  # Xero supports it for custom connections only
        raise TokenRefused("unauthorized_client")
    raise TokenRefused("unsupported_grant_type")


def _answer(world: World, tokens: IssuedTokens, issuer: str) -> dict[str, Any]:
    consent = tokens.consent
    person = world.people[consent.email]
    access = sign(_access_claims(world, consent, person, issuer))
    world.grants.remember_access(access, tokens)
    answer: dict[str, Any] = {
        "access_token": access,
        "expires_in": int(ACCESS_LIFETIME.total_seconds()),
        "token_type": "Bearer",
        "scope": " ".join(sorted(consent.scopes)),
    }
    if "openid" in consent.scopes:
        answer["id_token"] = sign(_id_claims(world, consent, person, issuer, access))
    if "offline_access" in consent.scopes:
        answer["refresh_token"] = world.grants.new_refresh(tokens)
    return answer


def _common_claims(world: World, consent: GivenConsent, person: XeroUser, issuer: str, life: float) -> dict[str, Any]:
    now = int(world.clock.now().timestamp())
    return {
        "nbf": now,
        "exp": now + int(life),
        "iss": issuer,
        "sub": person.xero_userid.replace("-", ""),
        "auth_time": int(consent.authenticated_at.timestamp()),
        "xero_userid": person.xero_userid,
        "global_session_id": consent.session_id,
        "amr": ["pwd"],
    }


def _access_claims(world: World, consent: GivenConsent, person: XeroUser, issuer: str) -> dict[str, Any]:
    claims = _common_claims(world, consent, person, issuer, ACCESS_LIFETIME.total_seconds())
    return claims | {
        "aud": f"{issuer}/resources",
        "client_id": consent.client_id,
        "jti": uuid4().hex,
        "authentication_event_id": consent.event_id,
        "scope": sorted(consent.scopes),
    }


def _id_claims(world: World, consent: GivenConsent, person: XeroUser, issuer: str, access: str) -> dict[str, Any]:
    claims = _common_claims(world, consent, person, issuer, 300)
    claims |= {
        "aud": consent.client_id,
        "iat": claims["nbf"],
        "at_hash": left_half_hash(access),
        "sid": consent.session_id,
        "idp": "local",
    }
    if consent.nonce is not None:
        claims["nonce"] = consent.nonce
    if "email" in consent.scopes:
        claims |= {"email": person.email}
        claims |= {} if person.email_verified is None else {"email_verified": person.email_verified}
    if "profile" in consent.scopes:
        names = {"given_name": person.given_name, "family_name": person.family_name, "name": person.name}
        claims |= names | {"preferred_username": person.email}
    return claims
