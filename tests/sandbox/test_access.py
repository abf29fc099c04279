"""Who may call XPM, and the error bodies everybody else gets."""

import re

import pytest

from sandbox.server import SandboxServer
from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE, MERE
from tests.sandbox.xero_app import XeroApp


def test_an_expired_token_gets_401_with_the_time_it_expired(app: XeroApp) -> None:
    app.server.world.clock.advance(1801)
    answer = app.xpm("staff.api/list")
    body = answer.json()
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer error=invalid_token"
    assert set(body) == {"Type", "Title", "Status", "Detail", "Instance", "Extensions"}
    assert re.fullmatch(r"TokenExpired: token expired at \d\d/\d\d/\d{4} \d\d:\d\d:\d\d", body["Detail"])


def test_a_malformed_token_gets_authentication_unsuccessful(app: XeroApp) -> None:
    app.tokens["access_token"] = "nonsense"
    body = app.xpm("staff.api/list").json()
    assert (body["Status"], body["Detail"]) == (401, "AuthenticationUnsuccessful")


def test_a_missing_unknown_or_unconnected_tenant_is_forbidden(app: XeroApp) -> None:
    for tenant in (None, "nonsense", COASTAL_BRANCH):
        answer = app.xpm("staff.api/list", tenant=tenant)
        assert answer.status_code == 403
        assert (answer.json()["Title"], answer.json()["Detail"]) == ("Forbidden", "AuthenticationUnsuccessful")


def test_without_the_privilege_calls_get_403_but_the_connection_stays_listed(app: XeroApp) -> None:
    app.control("PATCH", f"people/{MERE}", {"seats": {HARBOUR_VALE: {"privilege": False}}})
    assert app.xpm("staff.api/list").status_code == 403
    assert len(app.get("/connections", tenant=None).json()) == 1
    assert app.refresh().status_code == 200


def test_calls_of_a_disabled_person_get_403(app: XeroApp) -> None:
    app.control("PATCH", f"people/{MERE}", {"disabled": True})
    assert app.xpm("staff.api/list").status_code == 403


@pytest.mark.parametrize(
    ("scope", "opened"),
    [
        ("practicemanager.client.read", {"client.api/list", "clientgroup.api/list"}),
        ("practicemanager.job", {"job.api/current", "jobstate.api/list"}),
        ("practicemanager.staff.read", {"staff.api/list"}),
        ("practicemanager.time", set()),
    ],
)
def test_a_granular_scope_permits_only_its_own_endpoints(server: SandboxServer, scope: str, opened: set[str]) -> None:
    app = XeroApp(server).connect(scope=f"openid {scope}")
    paths = ("client.api/list", "clientgroup.api/list", "job.api/current", "jobstate.api/list", "staff.api/list")
    broad = ("category.api/list", "template.api/list", "customfield.api/definition")
    answers = {path: app.xpm(path) for path in (*paths, *broad)}
    app.http.close()
    assert {path for path, answer in answers.items() if answer.status_code == 200} == opened
    details = {answer.json()["Detail"] for answer in answers.values() if answer.status_code != 200}
    assert details == {"AuthorizationUnsuccessful"}


def test_paths_and_query_names_ignore_case(app: XeroApp) -> None:
    plain = app.xpm("client.api/list", detailed="true")
    shouted = app.http.get(
        "/PracticeManager/3.1/Client.API/LIST?Detailed=True",
        headers={"Authorization": f"Bearer {app.tokens['access_token']}", "Xero-Tenant-Id": HARBOUR_VALE.upper()},
    )
    assert shouted.content == plain.content


def test_unknown_paths_get_404_and_writes_get_405(app: XeroApp) -> None:
    assert app.xpm("tax.api/list").status_code == 404
    assert app.xpm("client.api").status_code == 404
    assert app.http.post("/practicemanager/3.1/client.api/list").status_code == 405


def test_every_answer_has_the_sandboxs_date_and_a_correlation_id(app: XeroApp) -> None:
    app.server.world.clock.advance(40 * 86_400)
    answer = app.xpm("staff.api/list")
    assert answer.headers["date"].endswith("GMT")
    assert f"{app.server.world.clock.now():%b %Y}" in answer.headers["date"]
    assert answer.headers["xero-correlation-id"] != app.xpm("staff.api/list").headers["xero-correlation-id"]
