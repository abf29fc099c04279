"""How current the stored records are: when custom fields were compared, and which jobs XPM lists as current."""

import datetime as dt

import pytest
from sqlmodel import Session, select

from tests.store.kit import ACME, LATER, NOW, Writes, job
from xpm.store.engine.database import Database
from xpm.store.pull import comparisons, job_currency
from xpm.store.pull.comparisons import Due
from xpm.store.records import bulk
from xpm.store.records.kinds import JOB_CUSTOM_FIELDS, JOBS
from xpm.store.records.rows import RecordRow, Scope
from xpm.store.tables import CustomFieldComparison
from xpm.store.vocabulary import ArchiveReason, OwnerKind

pytestmark = pytest.mark.also_on_postgresql("the store itself")

EVENING = NOW + dt.timedelta(hours=10)


def put_jobs(session: Session, *rows: RecordRow, now: dt.datetime = NOW) -> None:
    bulk.apply(session, JOBS, ACME, rows, run_id="r1", now=now)


def compare(session: Session, *numbers: str, now: dt.datetime = LATER) -> None:
    rows = [RecordRow(number, b"0", {}, {"custom_field_value": []}) for number in numbers]
    bulk.apply(session, JOB_CUSTOM_FIELDS, ACME, rows, run_id="r1", now=now)
    comparisons.note_compared(session, ACME, OwnerKind.JOB, numbers, now)


def last_compared(session: Session, kind: OwnerKind) -> dict[str, dt.datetime]:
    noted = session.exec(select(CustomFieldComparison).where(CustomFieldComparison.owner_kind == kind))
    return {one.owner_key: one.compared_at for one in noted}


def test_a_comparison_is_recorded_for_changed_and_unchanged_owners(database: Database) -> None:
    with database.write() as session:
        compare(session, "J1", "J2", now=NOW)
        compare(session, "J1")
        assert last_compared(session, OwnerKind.JOB) == {"J1": LATER, "J2": NOW}
        assert last_compared(session, OwnerKind.CLIENT) == {}


def test_new_values_keep_the_time_of_the_last_comparison(database: Database) -> None:
    with database.write() as session:
        compare(session, "J1")
        row = RecordRow("J1", b"1", {}, {"custom_field_value": []})
        bulk.apply(session, JOB_CUSTOM_FIELDS, ACME, [row], run_id="r2", now=EVENING)
        assert last_compared(session, OwnerKind.JOB) == {"J1": LATER}


def test_jobs_never_compared_or_changed_since_are_due_first(database: Database) -> None:
    with database.write() as session:
        put_jobs(session, *(job(number) for number in ("gone", "never", "changed", "calm")))
        bulk.archive(session, JOBS, ACME, ["gone"], ArchiveReason.ABSENT, run_id="r1", now=NOW)
        compare(session, "changed", "calm")
        put_jobs(session, job("changed", 1), now=EVENING)
        urgent = comparisons.due(session, JOBS, ACME, OwnerKind.JOB, changes_only=True)
        assert sorted(urgent, key=lambda one: one.urgency) == [
            Due("never", 0, None, "never"),
            Due("changed", 1, LATER, "changed"),
        ]
        everything = comparisons.due(session, JOBS, ACME, OwnerKind.JOB, changes_only=False)
        assert {one.key: one.urgency for one in everything} == {"never": 0, "changed": 1, "calm": 2}


def test_comparisons_of_another_tenant_do_not_count(database: Database) -> None:
    with database.write() as session:
        put_jobs(session, job("J1"))
        other = Scope("acme", "another tenant")
        row = RecordRow("J1", b"0", {}, {"custom_field_value": []})
        bulk.apply(session, JOB_CUSTOM_FIELDS, other, [row], run_id="r1", now=NOW)
        comparisons.note_compared(session, other, OwnerKind.JOB, ["J1"], LATER)
        due = comparisons.due(session, JOBS, ACME, OwnerKind.JOB, changes_only=False)
        assert due == [Due("J1", 0, None, "J1")]


def test_a_job_that_left_the_list_is_no_longer_current(database: Database) -> None:
    with database.write() as session:
        put_jobs(session, job("J1"), job("J2"), job("J3"))
        assert job_currency.current(session, ACME) == set()
        job_currency.note(session, ACME, {"J1", "J2"})
        job_currency.note(session, ACME, {"J2", "J3"})
        assert job_currency.current(session, ACME) == {"J2", "J3"}


def test_recording_the_same_list_again_writes_nothing(database: Database) -> None:
    with database.write() as session:
        put_jobs(session, job("J1"))
        job_currency.note(session, ACME, {"J1"})
    with Writes(database) as writes, database.write() as session:
        job_currency.note(session, ACME, {"J1"})
    assert writes.statements == []


def test_a_new_version_of_a_job_keeps_it_current(database: Database) -> None:
    with database.write() as session:
        put_jobs(session, job("J1"))
        job_currency.note(session, ACME, {"J1"})
        put_jobs(session, job("J1", 1), now=LATER)
        assert job_currency.current(session, ACME) == {"J1"}
