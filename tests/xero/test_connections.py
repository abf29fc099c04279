from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.xero.fakes import APP, FakeClock, Script, client
from xpm.xero.connections import ConnectionsApi, newly_named
from xpm.xero.errors import AccessLost, UnreadableAnswer, XeroUnavailable


def connection(number: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
    return {
        "id": f"connection-{number}",
        "authEventId": f"event-{number}",
        "tenantId": f"tenant-{number}",
        "tenantType": "PRACTICEMANAGER",
        "tenantName": f"Practice {number}",
        "createdDateUtc": "2019-12-07T18:46:19.5165400",
        "updatedDateUtc": f"2026-01-0{number}T00:00:00.0000000",
    } | changes


def api(*answers: httpx.Response | Exception) -> tuple[ConnectionsApi, Script]:
    script = Script(list(answers))
    return ConnectionsApi(client(script), APP, FakeClock()), script


def listed(*connections: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json=list(connections))


def test_a_connections_times_are_read_as_utc_with_seven_decimals() -> None:
    (tenant,) = api(listed(connection(1)))[0].all()
    assert tenant.created == datetime(2019, 12, 7, 18, 46, 19, 516540, tzinfo=UTC)
    assert tenant.updated == datetime(2026, 1, 1, tzinfo=UTC)
    assert (tenant.id, tenant.tenant_id, tenant.auth_event_id) == ("connection-1", "tenant-1", "event-1")


def test_the_connections_call_has_no_tenant_header() -> None:
    connections, script = api(listed())
    assert connections.all() == ()
    assert "xero-tenant-id" not in script.requests[0].headers
    assert script.requests[0].headers["Accept"] == "application/json"


@pytest.mark.parametrize(
    ("kind", "is_one"),
    [
        ("PRACTICEMANAGER", True),
        ("PracticeManager", True),
        ("PRACTICE", False),
        ("ORGANISATION", False),
        ("NEW", False),
    ],
)
def test_only_practicemanager_tenants_are_accounts(kind: str, is_one: bool) -> None:
    (tenant,) = api(listed(connection(1, tenantType=kind)))[0].all()
    assert tenant.is_practice_manager is is_one


def test_a_connection_with_missing_fields_is_still_listed() -> None:
    bare = {"id": "c", "tenantId": "t", "tenantType": "PRACTICEMANAGER", "tenantName": None}
    assert api(listed(bare))[0].all()[0].tenant_name is None


def test_only_accounts_of_practice_manager_are_listed_as_accounts() -> None:
    connections, script = api(listed(connection(1), connection(2, tenantType="ORGANISATION")))
    assert [account.tenant_id for account in connections.accounts()] == ["tenant-1"]
    assert dict(script.requests[0].url.params) == {}


def test_the_accounts_of_a_consent_carry_its_event() -> None:
    accounts = api(listed(connection(1), connection(2)))[0].accounts()
    assert [account.tenant_id for account in newly_named(accounts, "event-2")] == ["tenant-2"]
    assert newly_named(accounts, "event-3") == ()
    assert newly_named((), None) == ()


def test_without_an_event_the_newest_mark_names_the_accounts() -> None:
    three = connection(1), connection(3, authEventId="event-3"), connection(2, authEventId="event-3")
    accounts = api(listed(*three))[0].accounts()
    assert {account.tenant_id for account in newly_named(accounts, None)} == {"tenant-2", "tenant-3"}


@pytest.mark.parametrize("status", [204, 404])
def test_removing_a_connection_twice_is_no_error(status: int) -> None:
    connections, script = api(httpx.Response(status))
    connections.remove("connection-1")
    assert script.requests[0].method == "DELETE"
    assert str(script.requests[0].url) == f"{APP.connections_url}/connection-1"


def test_removing_a_connection_by_a_wrong_id_is_an_error() -> None:
    with pytest.raises(AccessLost):
        api(httpx.Response(403, json={"Detail": "AuthenticationUnsuccessful"}))[0].remove("tenant-1")


@pytest.mark.parametrize("body", ["", "<html>", "{}", '[{"id": 1}]', '[{"id":"c","tenantId":"t"}]'])
def test_an_answer_that_is_not_a_list_is_unreadable_not_empty(body: str) -> None:
    with pytest.raises(UnreadableAnswer):
        api(httpx.Response(200, text=body))[0].all()


def test_a_connection_with_an_invalid_time_is_unreadable() -> None:
    with pytest.raises(UnreadableAnswer):
        api(listed(connection(1, updatedDateUtc="yesterday")))[0].all()


@pytest.mark.parametrize("trouble", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.Response(503)])
def test_a_connections_call_that_fails_raises_xero_unavailable(trouble: httpx.Response | Exception) -> None:
    with pytest.raises(XeroUnavailable):
        api(trouble)[0].all()
