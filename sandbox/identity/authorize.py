"""The authorize endpoint and its pages: sign in, choose the accounts, allow or cancel."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import uuid4

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sandbox.identity.connections import ORGANISATION, PRACTICE
from sandbox.identity.grants import GivenConsent
from sandbox.identity.scopes import scope_labels
from sandbox.identity.sessions import COOKIE, AuthorizationRequest, Sessions, SignIn
from sandbox.pages import page
from sandbox.people import XeroUser
from sandbox.world import World

_CHALLENGE = re.compile(r"[A-Za-z0-9\-_]{43}")  # S256: 32 bytes in base64url (RFC 7636 4.2)


class BadRequest(Exception):
    """The app's request is wrong. As at Xero, the person sees an error page and the app is not told."""

    def __init__(self, code: str, explanation: str) -> None:
        super().__init__(code)
        self.code, self.explanation = code, explanation


async def authorize(request: Request) -> Response:
    """`GET /identity/connect/authorize`."""
    world, sessions = _state(request)
    try:
        pending = _validated(world, request.query_params)
    except BadRequest as bad:
        return _error_page(bad)
    transaction = sessions.open(pending)
    if _signed_in(request) is not None:
        return _to_consent(transaction)
    return _login_page(pending, transaction)


async def login(request: Request) -> Response:
    """`POST /identity/login`: check e-mail and password, then redirect to the consent page."""
    world, sessions = _state(request)
    form = await request.form()
    transaction = _text(form, "transaction")
    pending = sessions.find(transaction, world.clock.now())
    if pending is None:
        return _error_page(_stale())
    person = world.people.get(_text(form, "email").strip().lower())
    right = person is not None and secrets.compare_digest(person.password.encode(), _text(form, "password").encode())
    if person is None or not right or person.disabled:
        return _login_page(pending, transaction, refused=True, status=401)
    response = _to_consent(transaction)
    cookie = sessions.sign_in(person.email, world.clock.now())
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="lax", path="/identity")
    return response


async def switch(request: Request) -> Response:
    """`POST /identity/switch`: sign out and show the login form again, for the same authorization request."""
    world, sessions = _state(request)
    transaction = _text(await request.form(), "transaction")
    pending = sessions.find(transaction, world.clock.now())
    sessions.sign_out(request.cookies.get(COOKIE))
    return _error_page(_stale()) if pending is None else _login_page(pending, transaction)


async def consent_page(request: Request) -> Response:
    """`GET /identity/consent?transaction=…`: the consent page, or the page for people without the privilege."""
    world, sessions = _state(request)
    transaction = request.query_params.get("transaction", "")
    pending, person = sessions.find(transaction, world.clock.now()), _person(request)
    if pending is None:
        return _error_page(_stale())
    if person is None:
        return _login_page(pending, transaction)
    return _consent_page(world, pending, transaction, person)


async def decide(request: Request) -> Response:
    """`POST /identity/consent`: `decision` is allow or cancel; `tenant`, repeated, is each account ticked."""
    world, sessions = _state(request)
    form = await request.form()
    transaction = _text(form, "transaction")
    pending, signed_in, person = sessions.find(transaction, world.clock.now()), _signed_in(request), _person(request)
    if pending is None or signed_in is None or person is None:
        return _error_page(_stale())
    if _text(form, "decision") != "allow":
        sessions.close(transaction)
        denied = {"error": "access_denied", "error_description": "TenantConsent status DENIED"}
        return _back(pending, denied)
    if pending.only_identifies:
        sessions.close(transaction)
        return _back(pending, _identify(world, pending, signed_in, person))
    choices = {account.tenant_id for account in world.accounts_for(person)}
    ticked = {str(value) for value in form.getlist("tenant")} & choices
    if not ticked:
        return _consent_page(world, pending, transaction, person, nothing_ticked=bool(choices), status=400)
    sessions.close(transaction)
    return _back(pending, _allow(world, pending, signed_in, person, ticked))


def _identify(world: World, pending: AuthorizationRequest, signed_in: SignIn, person: XeroUser) -> dict[str, str]:
    """Return the callback parameters of a sign-in: it connects nothing and adds no scope."""
    at, session_id = signed_in.at, signed_in.session_id
    consent = GivenConsent(
        pending.app.client_id, person.email, pending.scopes, str(uuid4()), at, session_id, pending.nonce
    )
    code = world.grants.new_code(consent, pending.redirect_uri, pending.challenge)
    return {"code": code, "scope": " ".join(sorted(pending.scopes)), "session_state": secrets.token_urlsafe(24)}


def _allow(
    world: World, pending: AuthorizationRequest, signed_in: SignIn, person: XeroUser, ticked: set[str]
) -> dict[str, str]:
    """Store the connections of this consent and return the callback parameters, with the code."""
    event, client_id = str(uuid4()), pending.app.client_id
    for tenant_id in sorted(ticked, key=list(world.accounts).index):
        world.connections.connect(person.email, client_id, tenant_id, PRACTICE, event)
    if person.organisation is not None:
        world.connections.connect(person.email, client_id, person.organisation.tenant_id, ORGANISATION, event)
    scopes = world.grants.add_scopes(person.email, client_id, pending.scopes)
    consent = GivenConsent(client_id, person.email, scopes, event, signed_in.at, signed_in.session_id, pending.nonce)
    code = world.grants.new_code(consent, pending.redirect_uri, pending.challenge)
    return {"code": code, "scope": " ".join(sorted(pending.scopes)), "session_state": secrets.token_urlsafe(24)}


def _validated(world: World, query: Mapping[str, str]) -> AuthorizationRequest:
    """Check the request in Xero's order: app, redirect URI, response type, scopes, challenge."""
    app = world.apps.get(query.get("client_id", ""))
    if app is None:
        raise BadRequest("unauthorized_client", "No app is registered with this client_id.")
    redirect_uri = query.get("redirect_uri", "")
    if redirect_uri not in app.redirect_uris:
        raise BadRequest("invalid_request", "Invalid redirect_uri: it must equal a registered one exactly.")
    if query.get("response_type") != "code":
        raise BadRequest("unsupported_response_type", "Only response_type=code is supported.")
    scopes = frozenset(query.get("scope", "").split())
    if not scopes or not scopes <= app.scopes:
        raise BadRequest("invalid_scope", "A scope is missing, unknown, or not granted to this app.")
    challenge = query.get("code_challenge")
    if challenge is None and app.is_public:
        raise BadRequest("invalid_request", "Code challenge required: this app has no secret and must use PKCE.")
    if challenge is not None and not (query.get("code_challenge_method") == "S256" and _CHALLENGE.fullmatch(challenge)):
        raise BadRequest("invalid_request", "The code challenge must use S256.")
    return AuthorizationRequest(
        app, redirect_uri, scopes, query.get("state"), query.get("nonce"), challenge, world.clock.now()
    )


def _state(request: Request) -> tuple[World, Sessions]:
    return request.app.state.world, request.app.state.sessions


def _signed_in(request: Request) -> SignIn | None:
    sessions: Sessions = request.app.state.sessions
    signed_in = sessions.who(request.cookies.get(COOKIE))
    person = _known(request, signed_in)
    return signed_in if person and not person.disabled else None


def _person(request: Request) -> XeroUser | None:
    return _known(request, _signed_in(request))


def _known(request: Request, signed_in: SignIn | None) -> XeroUser | None:
    world: World = request.app.state.world
    return world.people.get(signed_in.email) if signed_in else None


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _back(pending: AuthorizationRequest, answer: dict[str, str]) -> Response:
    """Redirect the person back to the app with `state` unchanged (RFC 6749 4.1.2)."""
    if pending.state is not None:
        answer = answer | {"state": pending.state}
    scheme, host, path, query, _ = urlsplit(pending.redirect_uri)
    joined = "&".join(part for part in (query, urlencode(answer)) if part)
    return RedirectResponse(urlunsplit((scheme, host, path, joined, "")), status_code=302)


def _to_consent(transaction: str) -> Response:
    return RedirectResponse(f"/identity/consent?{urlencode({'transaction': transaction})}", status_code=303)


def _login_page(
    pending: AuthorizationRequest, transaction: str, *, refused: bool = False, status: int = 200
) -> Response:
    return page("login.html", status, app=pending.app, transaction=transaction, refused=refused)


def _consent_page(
    world: World,
    pending: AuthorizationRequest,
    transaction: str,
    person: XeroUser,
    *,
    nothing_ticked: bool = False,
    status: int = 200,
) -> Response:
    accounts = [] if pending.only_identifies else world.accounts_for(person)
    scheme, host, *_ = urlsplit(pending.redirect_uri)
    facts: dict[str, Any] = {
        "app": pending.app,
        "person": person,
        "transaction": transaction,
        "home": f"{scheme}://{host}/",
    }
    if not accounts and not pending.only_identifies:
        return page("no_access.html", 200, **facts)
    words = scope_labels(pending.scopes)
    facts |= {"accounts": accounts, "only_identifies": pending.only_identifies, "scopes": words}
    return page("consent.html", status, nothing_ticked=nothing_ticked, **facts)


def _error_page(bad: BadRequest) -> Response:
    return page("error.html", 400, code=bad.code, explanation=bad.explanation)


def _stale() -> BadRequest:
    return BadRequest("expired", "This sign-in is finished or was left open too long. Start again from the app.")
