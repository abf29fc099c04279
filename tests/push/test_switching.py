"""Whose custom fields win, and what has to be true before that changes."""

import datetime as dt

import pytest

from sandbox.accounts import edits as xpm_edits
from tests.pull.house import SCOPE, SLUG
from tests.push.desk import Desk
from xpm.entities.names import Entity, Noun
from xpm.push.deciding import Decision, decide
from xpm.push.placing import current
from xpm.push.switching import check_switches
from xpm.store import activity
from xpm.store.push import edits
from xpm.store.push.edits import Place
from xpm.store.records import kinds
from xpm.store.tables import PendingEdit
from xpm.store.vocabulary import EditState
from xpm.undo.forgetting import forget_old_edits
from xpm.words import Stopped

FIELD, REMARK = "Fee budget", "Reviewer's remark"


def test_with_the_switch_off_fyis_value_wins_and_xpms_is_kept_and_told(desk: Desk) -> None:
    job = desk.a_job()
    desk.house.change_settings(sync_custom_fields=False)
    desk.edit(Noun.JOB, job, **{FIELD: "10"})
    _in_xpm(desk, job, "20")

    desk.push()

    assert desk.values_in_xpm(job)[FIELD] == "10.00"
    (edit,) = _all(desk)
    assert (edit.state, edit.theirs) == (EditState.CONFIRMED, "20")
    with desk.house.database.read() as session:
        told = [one for one in activity.recent(session, SLUG) if one.kind == "push.overwritten"]
    assert len(told) == 1
    assert "Xero Practice Manager had: 20." in str(told[0].next_step)


def test_the_value_that_lost_by_rule_can_be_put_back(desk: Desk) -> None:
    job = desk.a_job()
    desk.house.change_settings(sync_custom_fields=False)
    desk.edit(Noun.JOB, job, **{FIELD: "10"})
    _in_xpm(desk, job, "20")
    desk.push()

    decide(desk.house.integration, SLUG, Decision.put_back, [_all(desk)[0].id or 0], desk.person)
    desk.push()

    assert desk.values_in_xpm(job)[FIELD] == "20.00"


def test_with_the_switch_off_a_push_brings_in_no_value_that_nobody_edited(desk: Desk) -> None:
    job = desk.a_job()
    desk.house.change_settings(sync_custom_fields=False)
    desk.edit(Noun.JOB, job, **{FIELD: "10"})
    desk.push()
    _in_xpm(desk, job, "20")

    desk.edit(Noun.JOB, job, **{REMARK: "Seen"})
    desk.push()

    assert desk.values_in_xpm(job) == {**desk.values_in_xpm(job), FIELD: "20", REMARK: "Seen"}
    assert _in_fyi(desk, job, FIELD) == "10"
    desk.house.sync(Entity.CUSTOM_FIELDS)  # by hand
    assert _in_fyi(desk, job, FIELD) == "20"


def test_with_the_switch_on_both_changes_wait_for_a_person(desk: Desk) -> None:
    job = desk.a_job()
    desk.edit(Noun.JOB, job, **{FIELD: "10"})
    _in_xpm(desk, job, "20")

    result = desk.push()

    assert (result.conflicts, desk.values_in_xpm(job)[FIELD]) == (1, "20")
    assert desk.writes() == []


def test_the_switch_is_not_turned_off_before_all_values_were_compared(sqlite_desk: Desk) -> None:
    with sqlite_desk.house.database.write() as session:
        assert check_switches(session, SLUG, {"sync_custom_fields": False}) is None
    sqlite_desk.house.forget_comparisons()

    with sqlite_desk.house.database.write() as session, pytest.raises(Stopped) as refused:
        check_switches(session, SLUG, {"sync_custom_fields": False})

    assert refused.value.message.key == "push.not_compared"


def test_turning_the_switch_on_tells_of_the_edits_that_wait(sqlite_desk: Desk) -> None:
    sqlite_desk.house.change_settings(sync_custom_fields=False)
    sqlite_desk.edit(Noun.JOB, sqlite_desk.a_job(), **{FIELD: "10"})

    with sqlite_desk.house.database.write() as session:
        said = check_switches(session, SLUG, {"sync_custom_fields": True})

    assert said is not None
    assert said.title.endswith(": 1")


def test_edits_that_are_over_are_forgotten_with_the_history(desk: Desk) -> None:
    job, other = desk.some_jobs(2)
    desk.edit(Noun.JOB, job, name="A name")
    desk.push()
    desk.edit(Noun.JOB, other, name="Another name")

    later = desk.house.clock() + dt.timedelta(days=91)
    assert forget_old_edits(desk.house.integration, later) == 1

    assert [one.ours for one in _all(desk)] == ["Another name"]


def test_what_was_to_win_by_rule_waits_for_a_person_once_the_switch_is_on(desk: Desk) -> None:
    job = desk.a_job()
    desk.house.change_settings(sync_custom_fields=False)
    desk.edit(Noun.JOB, job, **{FIELD: "10"})
    _in_xpm(desk, job, "20")
    desk.house.sync(Entity.CUSTOM_FIELDS)

    desk.house.change_settings(sync_custom_fields=True)
    result = desk.push()

    assert (result.conflicts, desk.values_in_xpm(job)[FIELD]) == (1, "20")


def _in_fyi(desk: Desk, job: str, name: str) -> str | None:
    place = Place(kinds.JOB_CUSTOM_FIELDS.name, desk.house.key_of(job), desk.custom_field(name))
    with desk.house.database.read() as session:
        return current(session, SCOPE, place)


def _in_xpm(desk: Desk, job: str, amount: str) -> None:
    uuid = desk.custom_field(FIELD)
    xpm_edits.change(desk.house.xpm, "custom_field_values", job, {"values": [{"UUID": uuid, "Decimal": amount}]})


def _all(desk: Desk) -> list[PendingEdit]:
    with desk.house.database.read() as session:
        return edits.every(session, SCOPE, tuple(EditState))
