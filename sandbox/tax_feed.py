"""The tax-return feed, `/tax/returns`: JSON, one page per call. Xero publishes no such API; this design is our own."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.accounts.account import Account
from sandbox.faults import Fault, fault_of
from sandbox.generator.record import Record
from sandbox.generator.tax_returns import TAX_COUNTRIES
from sandbox.identity.scopes import XPM_BROAD
from sandbox.world import World
from sandbox.xpm.guarded_endpoint import GuardedEndpoint

DEFAULT_PAGE, LARGEST_PAGE = 100, 500
_ALLOWED_BY = XPM_BROAD | {"practicemanager.client", "practicemanager.client.read"}


class TaxRoutes:
    """The ASGI app at `/tax/returns`. It has the same tokens, tenants and rate limits as XPM."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /tax/returns?cursor=…&pageSize=…`."""
        if scope["method"] != "GET":
            await PlainTextResponse("Method Not Allowed", 405, {"Allow": "GET"})(scope, receive, send)
        else:
            await GuardedEndpoint(self._world, _ALLOWED_BY, _returns)(scope, receive, send)


async def _returns(account: Account, request: Request) -> Response:
    if account.country not in TAX_COUNTRIES:
        return _error("tax_not_available", "Xero Tax is available only to practices in Australia and New Zealand.", 404)
    asked_size = request.query_params.get("pageSize", str(DEFAULT_PAGE))
    cursor = request.query_params.get("cursor", "")
    if not asked_size.isdigit() or not 1 <= int(asked_size) <= LARGEST_PAGE:
        return _error("invalid_page_size", f"pageSize must be between 1 and {LARGEST_PAGE}.", 400)
    if cursor and not (cursor.startswith("r") and cursor[1:].isdigit()):
        return _error("invalid_cursor", "The feed did not issue this cursor.", 400)
    return _page(account, int(cursor[1:]) if cursor else -1, int(asked_size), fault_of(request.scope))


def _page(account: Account, after: int, size: int, fault: Fault | None) -> Response:
    table = account.tax_returns
    rest = [position for position in table.positions() if position > after]
    page = rest[:size]
    body: dict[str, Any] = {
        "returns": [table.record(position) for position in page],
        "nextCursor": f"r{page[-1]}" if len(rest) > size else None,
        "total": len(table),
    }
    return JSONResponse(_with_fault(body, fault) if fault else body)


def _with_fault(body: dict[str, Any], fault: Fault) -> dict[str, Any]:
    """Change a page as the fault says."""
    match fault.kind:
        case "empty_list":
            return body | {"returns": [], "nextCursor": None}
        case "duplicate":
            return body | {"returns": [*body["returns"], *body["returns"][:1]]}
        case "no_container":
            return {name: value for name, value in body.items() if name != "returns"}
        case "error_body":
            return {
                "error": "server_error",
                "message": fault.details.get("description", "An unexpected error occurred"),
            }
        case _:
            place = fault.details.get("nth", 1) - 1
            returns = [_corrupted(row, fault) if here == place else row for here, row in enumerate(body["returns"])]
            return body | {"returns": returns}


def _corrupted(record: Record, fault: Fault) -> Record:
    what = fault.details.get("what", "date")
    if what == "uuid":
        return {name: value for name, value in record.items() if name not in {"returnId", "clientUuid"}}
    return record | {"periodTo" if what == "date" else what: "31/31/2024"}


def _error(code: str, message: str, status: int) -> Response:
    return JSONResponse({"error": code, "message": message}, status_code=status)
