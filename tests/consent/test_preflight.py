"""Who may reconnect."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import pytest

from sandbox.world import LEO, MERE
from tests.consent.harbour import HARBOUR, Harbour
from xpm.consent.preflight import Person, check_person
from xpm.store import people
from xpm.words import Stopped

Changes = Mapping[str, bool | dt.date]
TODAY = dt.date(2026, 3, 2)
NOW = dt.datetime(2026, 3, 1, 20, 0, tzinfo=dt.UTC)  # already the next day in Sydney
YESTERDAY, TOMORROW = TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=1)


def checked(harbour: Harbour, email: str = MERE, *, stays: bool = True, practice: str = HARBOUR) -> Person:
    return check_person(replace(harbour.integration, clock=lambda: NOW), practice, email, stays=stays)


def refusal(harbour: Harbour, email: str = MERE, *, stays: bool = True, practice: str = HARBOUR) -> Stopped:
    with pytest.raises(Stopped) as stopped:
        checked(harbour, email, stays=stays, practice=practice)
    return stopped.value


def change(harbour: Harbour, email: str, changes: Changes) -> None:
    with harbour.database.write() as session:
        people.update(session, harbour.person(email).id, **changes)


def test_an_active_admin_who_stays_may_reconnect(harbour: Harbour) -> None:
    user = harbour.person()
    assert checked(harbour) == Person(id=user.id, name="Mere Tāne", email=MERE)


@pytest.mark.also_on_postgresql("letter case is compared in SQL")
@pytest.mark.parametrize("written", [MERE.upper(), MERE.title(), f"  {MERE} "])
def test_a_person_is_known_by_the_address_in_any_letter_case(harbour: Harbour, written: str) -> None:
    assert checked(harbour, written).email == MERE


@pytest.mark.parametrize(
    ("changes", "stays", "found"),
    [
        ({"is_active": False}, True, "preflight.user_inactive"),
        ({"is_admin": False}, True, "preflight.user_not_admin"),
        ({"leaving_on": TOMORROW}, True, "preflight.user_leaving"),
        ({"leaving_on": TODAY}, True, "preflight.user_leaving"),
        ({"leaving_on": YESTERDAY}, True, "preflight.user_inactive"),
        ({}, False, "preflight.not_staying"),
    ],
)
def test_each_unmet_condition_is_named(harbour: Harbour, changes: Changes, stays: bool, found: str) -> None:
    change(harbour, MERE, changes)
    stopped = refusal(harbour, stays=stays)
    assert stopped.message.key == found
    assert "Mere Tāne" in stopped.message.text
    assert stopped.message.next


def test_several_unmet_conditions_are_named_at_once(harbour: Harbour) -> None:
    change(harbour, LEO, {"is_active": False, "leaving_on": TOMORROW})
    stopped = refusal(harbour, LEO, stays=False)
    assert stopped.message.key == "preflight.several"
    assert stopped.message.title == "4 things prevent the reconnect of Harbour & Vale Accountants"
    for said in ("(1) Leo Fraser is not active", "(2) Leo Fraser is marked as", "(3) Leo Fraser is not an FYI Admin"):
        assert said in stopped.message.cause
    assert f"{TOMORROW}" in stopped.message.cause
    assert "(4) Leo Fraser is not confirmed" in stopped.message.cause


def test_a_stranger_is_named_with_the_practice(harbour: Harbour) -> None:
    stopped = refusal(harbour, "nobody@harbourvale.example")
    assert stopped.message.key == "preflight.user_unknown"
    assert stopped.message.title == "nobody@harbourvale.example has no FYI account in Harbour & Vale Accountants"


def test_an_unknown_practice_is_answered_with_the_known_ones(harbour: Harbour) -> None:
    stopped = refusal(harbour, practice="harbour")
    assert stopped.message.key == "preflight.unknown_practice"
    assert HARBOUR in stopped.message.cause


def test_a_preflight_changes_nothing(harbour: Harbour) -> None:
    before = harbour.facts()
    checked(harbour)
    refusal(harbour, LEO, stays=False)
    assert harbour.facts() == before
    assert harbour.entries() == []
