"""`/connections`: the list, and deleting a connection."""

import re

from sandbox.server import SandboxServer
from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE, HOLDINGS, SAM
from tests.sandbox.xero_app import XeroApp


def drop(app: XeroApp, connection_id: str) -> int:
    headers = {"Authorization": f"Bearer {app.tokens['access_token']}"}
    return app.http.delete(f"/connections/{connection_id}", headers=headers).status_code


def test_a_connection_has_the_fields_and_formats_of_xero(app: XeroApp) -> None:
    (row,) = app.get("/connections", tenant=None).json()
    assert set(row) == {"id", "authEventId", "tenantId", "tenantType", "tenantName", "createdDateUtc", "updatedDateUtc"}
    assert (row["tenantId"], row["tenantType"], row["tenantName"]) == (
        HARBOUR_VALE,
        "PRACTICEMANAGER",
        "Harbour & Vale",
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}", row["createdDateUtc"])


def test_the_list_includes_other_types_of_tenants(server: SandboxServer) -> None:
    app = XeroApp(server, SAM).connect()
    listed = app.get("/connections", tenant=None).json()
    assert {row["tenantType"]: row["tenantId"] for row in listed} == {
        "PRACTICEMANAGER": HARBOUR_VALE,
        "ORGANISATION": HOLDINGS,
    }
    assert app.xpm("staff.api/list", tenant=HOLDINGS).status_code == 403
    app.http.close()


def test_a_new_consent_keeps_id_and_creation_time_and_changes_event_and_update_time(app: XeroApp) -> None:
    (before,) = app.get("/connections", tenant=None).json()
    app.server.world.clock.advance(60)
    app.connect()
    (after,) = app.get("/connections", tenant=None).json()
    assert after["id"] == before["id"]
    assert after["createdDateUtc"] == before["createdDateUtc"]
    assert after["authEventId"] != before["authEventId"]
    assert after["updatedDateUtc"] > before["updatedDateUtc"]


def test_the_list_covers_all_consents_and_can_be_filtered_by_event(app: XeroApp) -> None:
    app.tenants = (COASTAL_BRANCH,)
    app.connect()
    listed = app.get("/connections", tenant=None).json()
    assert [row["tenantId"] for row in listed] == [HARBOUR_VALE, COASTAL_BRANCH]
    newest = listed[1]["authEventId"]
    filtered = app.get("/connections", tenant=None, authEventId=newest).json()
    assert [row["tenantId"] for row in filtered] == [COASTAL_BRANCH]


def test_a_connection_is_deleted_by_its_own_id_only(app: XeroApp) -> None:
    (row,) = app.get("/connections", tenant=None).json()
    assert drop(app, row["tenantId"]) == 403
    assert drop(app, row["authEventId"]) == 403
    assert drop(app, "00000000-0000-4000-a000-000000000000") == 404
    assert drop(app, row["id"]) == 204
    assert app.get("/connections", tenant=None).json() == []
    assert app.xpm("staff.api/list").status_code == 403


def test_nobody_can_see_or_delete_another_persons_connections(app: XeroApp) -> None:
    (row,) = app.get("/connections", tenant=None).json()
    sam = XeroApp(app.server, SAM, (COASTAL_BRANCH,)).connect()
    assert HARBOUR_VALE not in {found["tenantId"] for found in sam.get("/connections", tenant=None).json()}
    assert drop(sam, row["id"]) == 404
    assert sam.xpm("staff.api/list").status_code == 403
    sam.http.close()


def test_the_list_needs_a_token(app: XeroApp) -> None:
    answer = app.http.get("/connections")
    assert answer.status_code == 401
    assert answer.json()["Detail"] == "AuthenticationUnsuccessful"
