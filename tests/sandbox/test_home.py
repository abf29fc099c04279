"""The home page and its buttons."""

import pytest

from sandbox.home import COMMON_FAULTS
from sandbox.world import HARBOUR_VALE, MERE
from tests.sandbox.kit import Guest


def press(guest: Guest, button: str, value: str = "") -> str:
    answer = guest.http.post(f"/press/{button}", data={"value": value}, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def test_the_page_tells_people_practices_connections_and_nothing_from_elsewhere(guest: Guest) -> None:
    page = guest.http.get("/").text
    for told in ("mere.tane@harbourvale.example", "practice", "Harbour &amp; Vale", HARBOUR_VALE, "PRACTICEMANAGER"):
        assert told in page
    assert "src=" not in page
    assert "Nobody has connected" not in page


def test_the_buttons_disconnect_expire_and_revoke(guest: Guest) -> None:
    press(guest, "expire")
    assert guest.xpm("staff.api/list").status_code == 401
    guest.keep(guest.refresh())
    (row,) = guest.get("/connections", tenant=None).json()
    assert "Nobody has connected" in press(guest, "disconnect", row["id"])
    press(guest, "revoke", MERE)
    assert guest.refresh().status_code == 400


@pytest.mark.parametrize("name", COMMON_FAULTS)
def test_every_common_fault_can_be_ordered_and_cleared(guest: Guest, name: str) -> None:
    assert "0 of" in press(guest, "fault", name)
    assert "No fault is ordered" in press(guest, "clear")


def test_twenty_changes_are_one_button_away(guest: Guest) -> None:
    before = guest.truth("jobs"), guest.truth("clients"), guest.truth("custom_field_values"), guest.truth("staff")
    press(guest, "shuffle", HARBOUR_VALE)
    assert (
        guest.truth("jobs"),
        guest.truth("clients"),
        guest.truth("custom_field_values"),
        guest.truth("staff"),
    ) != before


def test_a_button_that_is_not_there_is_not_found(guest: Guest) -> None:
    assert guest.http.post("/press/everything").status_code == 404
    press(guest, "fault", "unknown")
    press(guest, "shuffle", "unknown")
