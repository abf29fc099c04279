"""What every write has in common: it is planned whole, applied at once or not at all, answered and journalled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from starlette.responses import Response

from sandbox.accounts import edits
from sandbox.xpm.call import BadParameter, ReceivedCall
from sandbox.xpm.envelope import UNEXPECTED, bad_request, error, ok
from sandbox.xpm.refusals import RefusedByXpm


@dataclass(frozen=True)
class AccountWrite:
    """What a write will do to one record.

    Attributes:
        entity, key, elements: what the journal says of it.
        apply: does it. Cannot fail: everything was checked while planning.
        answer: the XML inside the answer, with the record as it will be.
    """

    entity: str
    key: str
    elements: tuple[str, ...]
    apply: Callable[[], object]
    answer: bytes = b""


Plan = Callable[[ReceivedCall], AccountWrite]
"""Checks a write and returns the change; raises `RefusedByXpm`, or `BadParameter` for a malformed body."""


def write(plan: Plan) -> Callable[[ReceivedCall], Response]:
    """Make the endpoint of a write from its plan. No other edit comes between the checks and the change."""

    def answer(call: ReceivedCall) -> Response:
        with call.account.lock:
            return _written(plan, call)

    return answer


def _written(plan: Plan, call: ReceivedCall) -> Response:
    try:
        _order_fault(call)
        change = plan(call)
    except RefusedByXpm as refused:
        _journal(call, applied=False, refused=str(refused))
        return error(call.api_method, str(refused))
    except BadParameter as bad:
        _journal(call, applied=False, refused=str(bad))
        return bad_request(call.api_method, str(bad))
    applied = call.fault is None or call.fault.kind != "ok_but_ignored"
    if applied:
        change.apply()
    _journal(call, applied=applied, entity=change.entity, key=change.key, elements=change.elements)
    return ok(call.api_method, change.answer if applied else b"")


def _order_fault(call: ReceivedCall) -> None:
    """Refuse if the call's fault says so, or let another client edit first."""
    details = call.fault.details if call.fault else {}
    match call.fault.kind if call.fault else None:
        case "error_body":
            raise RefusedByXpm(details.get("description", UNEXPECTED))
        case "edit_between":
            edits.change(call.account, details["entity"], details["key"], details["fields"])


def _journal(call: ReceivedCall, **what: Any) -> None:  # noqa: ANN401 - the fields of JournalledWrite
    account = call.account
    digest = sha256(call.body).hexdigest()
    call.journal.add(account.clock.now(), account.tenant_id, call.verb, call.path, body_sha256=digest, **what)
