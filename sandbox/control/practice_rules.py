"""The rules by which a practice refuses writes, and where Xero documents nothing, how XPM behaves."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.control.json_calls import account_in_path, json_endpoint, json_object


@json_endpoint
async def show_rules(request: Request) -> Response:
    """`GET …/rules`: all rules of the account."""
    return JSONResponse(account_in_path(request).rules.model_dump(mode="json"))


@json_endpoint
async def change_rules(request: Request) -> Response:
    """`PATCH …/rules {"wip_lock_date": "2026-10-31", …}`: replace the given rules and return all."""
    account = account_in_path(request)
    account.rules = account.rules.changed(await json_object(request))
    return JSONResponse(account.rules.model_dump(mode="json"))
