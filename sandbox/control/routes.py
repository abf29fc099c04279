"""The table of control end-points. They ask for no password: this is a practice ground on loopback."""

from __future__ import annotations

from starlette.routing import Route

from sandbox.control import observation, records, xero_side

_TENANT = "/sandbox/tenants/{tenant_id}"
_RECORDS = _TENANT + "/records/{entity}"

CONTROL_ROUTES = [
    Route("/sandbox/world", xero_side.show_world),
    Route("/sandbox/clock", xero_side.advance_clock, methods=["POST"]),
    Route("/sandbox/tokens/expire", xero_side.expire_tokens, methods=["POST"]),
    Route("/sandbox/tokens/revoke", xero_side.revoke_tokens, methods=["POST"]),
    Route("/sandbox/connections/{connection_id}", xero_side.remove_connection, methods=["DELETE"]),
    Route("/sandbox/people/{email}", xero_side.change_person, methods=["PATCH"]),
    Route("/sandbox/apps/{client_id}", xero_side.change_app, methods=["PATCH"]),
    Route(_RECORDS, records.truth, methods=["GET"]),
    Route(_RECORDS, records.add_record, methods=["POST"]),
    Route(_RECORDS + "/{key:path}", records.change_record, methods=["PATCH"]),
    Route(_RECORDS + "/{key:path}", records.delete_record, methods=["DELETE"]),
    Route(_TENANT + "/clients/{uuid}/archive", records.archive_client, methods=["POST"]),
    Route(_TENANT + "/shuffle", records.shuffle_records, methods=["POST"]),
    Route("/sandbox/faults", observation.list_faults, methods=["GET"]),
    Route("/sandbox/faults", observation.order_fault, methods=["POST"]),
    Route("/sandbox/faults", observation.clear_faults, methods=["DELETE"]),
    Route("/sandbox/faults/{fault_id:int}", observation.clear_faults, methods=["DELETE"]),
    Route("/sandbox/requests", observation.list_requests, methods=["GET"]),
    Route("/sandbox/requests", observation.clear_requests, methods=["DELETE"]),
    Route("/sandbox/usage", observation.show_usage),
    Route("/sandbox/limits/reset", observation.forget_limits, methods=["POST"]),
]
