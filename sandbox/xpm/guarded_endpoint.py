"""Checks a call before an endpoint answers it: token, scope, connection, privilege and limits, in that order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.accounts.account import Account
from sandbox.identity.bearer import caller
from sandbox.identity.connections import PRACTICE
from sandbox.identity.grants import GivenConsent
from sandbox.identity.problems import AUTHORIZATION, AccessRefused, forbidden, unauthorized
from sandbox.transport import before_end
from sandbox.world import World
from sandbox.xpm.limits import Refusal


class GuardedEndpoint:
    """An ASGI app that answers permitted calls and refuses all others.

    Args:
        allowed_by: the scopes that permit the call; one is enough.
        answer: the endpoint. A call is in flight from here until the last byte of its answer.
    """

    def __init__(
        self, world: World, allowed_by: frozenset[str], answer: Callable[[Account, Request], Awaitable[Response]]
    ) -> None:
        self._world, self._allowed_by, self._answer = world, allowed_by, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        try:
            consent = caller(self._world, request)
            account = _account(self._world, request, consent, self._allowed_by)
        except AccessRefused as refused:
            await refused.response(scope, receive, send)
            return
        refusal = self._world.rate_limiter.enter(consent.client_id, account.tenant_id)
        if refusal is not None:
            await _too_many(refusal, self._world, consent, account)(scope, receive, send)
            return
        await self._in_flight(consent, account, request, send)

    async def _in_flight(self, consent: GivenConsent, account: Account, request: Request, send: Send) -> None:
        limiter, key = self._world.rate_limiter, (consent.client_id, account.tenant_id)
        in_flight = True

        def leave() -> None:
            nonlocal in_flight
            if in_flight:
                in_flight = False
                limiter.leave(*key)

        try:
            response = await self._answer(account, request)
            response.headers.update(limiter.headers(*key))
            await response(request.scope, request.receive, before_end(send, leave))
        finally:
            leave()


def _account(world: World, request: Request, consent: GivenConsent, allowed_by: frozenset[str]) -> Account:
    """Return the account the call is for.

    Raises:
        AccessRefused: 401 without the scope; 403 if the tenant is unknown or not connected, or the person who
            connected it lost the privilege.
    """
    if not allowed_by & consent.scopes:
        raise AccessRefused(unauthorized(AUTHORIZATION))
    tenant_id = request.headers.get("xero-tenant-id", "").strip().lower()
    known = world.connections.between(consent.email, consent.client_id, tenant_id)
    if known is None or known.tenant_type != PRACTICE or not world.people[consent.email].may_connect(tenant_id):
        refusal = forbidden()
        left = world.rate_limiter.headers(consent.client_id, tenant_id)
        if "X-AppMinLimit-Remaining" in left:  # the only limit header on recorded 403 answers
            refusal.headers["X-AppMinLimit-Remaining"] = left["X-AppMinLimit-Remaining"]
        raise AccessRefused(refusal)
    return world.accounts[tenant_id]


def _too_many(refusal: Refusal, world: World, consent: GivenConsent, account: Account) -> Response:
    headers = {"X-Rate-Limit-Problem": refusal.problem} | world.rate_limiter.headers(
        consent.client_id, account.tenant_id
    )
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return Response(status_code=429, headers=headers)
