"""The home page and its buttons."""

import pytest

from sandbox.control.home import COMMON_FAULTS
from sandbox.world import HARBOUR_VALE, MERE
from tests.sandbox.xero_app import XeroApp


def press(app: XeroApp, button: str, value: str = "") -> str:
    answer = app.http.post(f"/press/{button}", data={"value": value}, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def test_the_page_shows_people_accounts_and_connections_and_loads_nothing_external(app: XeroApp) -> None:
    page = app.http.get("/").text
    for text in ("mere.tane@harbourvale.example", "practice", "Harbour &amp; Vale", HARBOUR_VALE, "PRACTICEMANAGER"):
        assert text in page
    assert "src=" not in page
    assert "Nobody has connected" not in page


def test_buttons_disconnect_expire_and_revoke(app: XeroApp) -> None:
    press(app, "expire")
    assert app.xpm("staff.api/list").status_code == 401
    app.keep(app.refresh())
    (row,) = app.get("/connections", tenant=None).json()
    assert "Nobody has connected" in press(app, "disconnect", row["id"])
    press(app, "revoke", MERE)
    assert app.refresh().status_code == 400


@pytest.mark.parametrize("name", COMMON_FAULTS)
def test_every_fault_button_injects_a_fault_that_can_be_cleared(app: XeroApp, name: str) -> None:
    assert "0 of" in press(app, "fault", name)
    assert "No fault is active" in press(app, "clear")


def test_a_button_makes_random_edits(app: XeroApp) -> None:
    before = app.truth("jobs"), app.truth("clients"), app.truth("custom_field_values"), app.truth("staff")
    press(app, "shuffle", HARBOUR_VALE)
    assert (
        app.truth("jobs"),
        app.truth("clients"),
        app.truth("custom_field_values"),
        app.truth("staff"),
    ) != before


def test_an_unknown_button_gets_404_and_an_unknown_value_does_nothing(app: XeroApp) -> None:
    assert app.http.post("/press/everything").status_code == 404
    press(app, "fault", "unknown")
    press(app, "shuffle", "unknown")
