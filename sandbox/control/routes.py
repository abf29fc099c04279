"""The routes of the control API. They need no password: the sandbox runs on loopback and holds invented data."""

from __future__ import annotations

from starlette.routing import Route

from sandbox.control import administration, faults_and_log, practice_rules, records

_TENANT = "/sandbox/tenants/{tenant_id}"
_RECORDS = _TENANT + "/records/{entity}"

CONTROL_ROUTES = [
    Route("/sandbox/world", administration.show_world),
    Route("/sandbox/clock", administration.advance_clock, methods=["POST"]),
    Route("/sandbox/tokens/expire", administration.expire_tokens, methods=["POST"]),
    Route("/sandbox/tokens/revoke", administration.revoke_tokens, methods=["POST"]),
    Route("/sandbox/connections/{connection_id}", administration.remove_connection, methods=["DELETE"]),
    Route("/sandbox/people/{email}", administration.change_person, methods=["PATCH"]),
    Route("/sandbox/apps/{client_id}", administration.change_app, methods=["PATCH"]),
    Route(_RECORDS, records.truth, methods=["GET"]),
    Route(_RECORDS, records.add_record, methods=["POST"]),
    Route(_RECORDS + "/{key:path}", records.change_record, methods=["PATCH"]),
    Route(_RECORDS + "/{key:path}", records.delete_record, methods=["DELETE"]),
    Route(_TENANT + "/clients/{uuid}/archive", records.archive_client, methods=["POST"]),
    Route(_TENANT + "/rules", practice_rules.show_rules, methods=["GET"]),
    Route(_TENANT + "/rules", practice_rules.change_rules, methods=["PATCH"]),
    Route(_TENANT + "/times", records.list_times),
    Route(_TENANT + "/shuffle", records.edit_at_random, methods=["POST"]),
    Route("/sandbox/faults", faults_and_log.list_faults, methods=["GET"]),
    Route("/sandbox/faults", faults_and_log.inject_fault, methods=["POST"]),
    Route("/sandbox/faults", faults_and_log.clear_faults, methods=["DELETE"]),
    Route("/sandbox/faults/{fault_id:int}", faults_and_log.clear_faults, methods=["DELETE"]),
    Route("/sandbox/requests", faults_and_log.list_requests, methods=["GET"]),
    Route("/sandbox/requests", faults_and_log.clear_requests, methods=["DELETE"]),
    Route("/sandbox/journal", faults_and_log.list_writes, methods=["GET"]),
    Route("/sandbox/journal", faults_and_log.clear_writes, methods=["DELETE"]),
    Route("/sandbox/usage", faults_and_log.show_usage),
    Route("/sandbox/limits/reset", faults_and_log.reset_limits, methods=["POST"]),
]
