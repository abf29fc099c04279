"""The list of connections."""

import re

from sandbox.server import SandboxServer
from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE, HOLDINGS, SAM
from tests.sandbox.xero_app import XeroApp


def drop(app: XeroApp, connection_id: str) -> int:
    headers = {"Authorization": f"Bearer {app.tokens['access_token']}"}
    return app.http.delete(f"/connections/{connection_id}", headers=headers).status_code


def test_a_connection_is_written_as_xero_writes_it(app: XeroApp) -> None:
    (row,) = app.get("/connections", tenant=None).json()
    assert set(row) == {"id", "authEventId", "tenantId", "tenantType", "tenantName", "createdDateUtc", "updatedDateUtc"}
    assert (row["tenantId"], row["tenantType"], row["tenantName"]) == (
        HARBOUR_VALE,
        "PRACTICEMANAGER",
        "Harbour & Vale",
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}", row["createdDateUtc"])


def test_the_list_holds_other_kinds_of_tenants_too(server: SandboxServer) -> None:
    app = XeroApp(server, SAM).connect()
    listed = app.get("/connections", tenant=None).json()
    assert {row["tenantType"]: row["tenantId"] for row in listed} == {
        "PRACTICEMANAGER": HARBOUR_VALE,
        "ORGANISATION": HOLDINGS,
    }
    assert app.xpm("staff.api/list", tenant=HOLDINGS).status_code == 403
    app.http.close()


def test_consenting_again_keeps_id_and_creation_and_moves_event_and_update(app: XeroApp) -> None:
    (before,) = app.get("/connections", tenant=None).json()
    app.server.world.clock.advance(60)
    app.connect()
    (after,) = app.get("/connections", tenant=None).json()
    assert after["id"] == before["id"]
    assert after["createdDateUtc"] == before["createdDateUtc"]
    assert after["authEventId"] != before["authEventId"]
    assert after["updatedDateUtc"] > before["updatedDateUtc"]


def test_the_list_covers_all_consents_and_filters_by_event(app: XeroApp) -> None:
    app.tenants = (COASTAL_BRANCH,)
    app.connect()
    listed = app.get("/connections", tenant=None).json()
    assert [row["tenantId"] for row in listed] == [HARBOUR_VALE, COASTAL_BRANCH]
    newest = listed[1]["authEventId"]
    filtered = app.get("/connections", tenant=None, authEventId=newest).json()
    assert [row["tenantId"] for row in filtered] == [COASTAL_BRANCH]


def test_dropping_a_connection_takes_its_own_id_and_no_other(app: XeroApp) -> None:
    (row,) = app.get("/connections", tenant=None).json()
    assert drop(app, row["tenantId"]) == 403
    assert drop(app, row["authEventId"]) == 403
    assert drop(app, "00000000-0000-4000-a000-000000000000") == 404
    assert drop(app, row["id"]) == 204
    assert app.get("/connections", tenant=None).json() == []
    assert app.xpm("staff.api/list").status_code == 403


def test_nobody_sees_or_drops_another_persons_connections(app: XeroApp) -> None:
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
