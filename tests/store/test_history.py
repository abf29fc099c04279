"""The history of a record: every change with its author, field by field, until history is deleted."""

import datetime as dt

import pytest
from sqlalchemy import select

from tests.store.kit import ACME, LATER, NOW, Writes, client, job
from xpm.store.engine.database import Database
from xpm.store.records import bulk, edits, history
from xpm.store.records.history import FieldChange
from xpm.store.records.kinds import CLIENTS, FORMER_ROWS, JOBS, SCHEMA
from xpm.store.records.rows import Scope
from xpm.store.vocabulary import ArchiveReason, ChangeKind

pytestmark = pytest.mark.also_on_postgresql("the store itself")

PERSON = "ana@acme.example"


def test_history_shows_who_changed_which_field_and_when(database: Database) -> None:
    with database.write() as session:
        bulk.apply(session, JOBS, ACME, [job("J1", state="Planned")], run_id="r1", now=NOW)
        edits.edit(session, JOBS, ACME, "J1", {"state": "Ready"}, person=PERSON, now=LATER)
        bulk.apply(session, JOBS, ACME, [job("J1", 1, state="Done")], run_id="r2", now=LATER)
        bulk.archive(session, JOBS, ACME, ["J1"], ArchiveReason.ABSENT, run_id="r3", now=LATER)
        added, edited, changed, archived = history.life(session, JOBS, ACME, "J1")
    assert (added.change.kind, added.change.run_id, added.change.at, added.fields) == (ChangeKind.ADDED, "r1", NOW, ())
    assert (edited.change.person, edited.change.run_id) == (PERSON, None)
    assert edited.fields == (FieldChange("state", "Planned", "Ready"),)
    assert set(changed.fields) == {
        FieldChange("name", "J1 version 0", "J1 version 1"),
        FieldChange("state", "Ready", "Done"),
    }
    assert archived.fields == (FieldChange("archived_reason", None, ArchiveReason.ABSENT),)


def test_history_includes_the_rows_a_record_owns(database: Database) -> None:
    with database.write() as session:
        bulk.apply(session, CLIENTS, ACME, [client("c1", groups=["g1"])], run_id="r1", now=NOW)
        bulk.apply(session, CLIENTS, ACME, [client("c1", groups=["g2"])], run_id="r2", now=NOW)
        assert len(history.life(session, CLIENTS, ACME, "c1")) == 1  # same digest, so nothing was compared
        bulk.apply(session, CLIENTS, ACME, [client("c1", 1, groups=["g2"])], run_id="r3", now=NOW)
        _, changed = history.life(session, CLIENTS, ACME, "c1")
    groups = next(one for one in changed.fields if one.field == "client_group_member")
    assert "g1" in str(groups.before)
    assert "g2" in str(groups.after)


def test_history_keeps_records_of_different_practices_apart(database: Database) -> None:
    other = Scope("zenith", "another tenant")
    with database.write() as session:
        for scope in (ACME, other):
            bulk.apply(session, JOBS, scope, [job("J1")], run_id="r1", now=NOW)
        assert history.named(session, JOBS, "J1") == [(ACME, "J1"), (other, "J1")]
        assert len(history.life(session, JOBS, other, "J1")) == 1
        assert history.life(session, JOBS, ACME, "J2") == []


def test_an_unchanged_record_writes_no_history(database: Database) -> None:
    with database.write() as session:
        bulk.apply(session, JOBS, ACME, [job("J1")], run_id="r1", now=NOW)
    with Writes(database) as writes, database.write() as session:
        bulk.apply(session, JOBS, ACME, [job("J1")], run_id="r2", now=LATER)
    assert writes.statements == []


def test_old_changes_are_deleted_and_newer_ones_stay(database: Database) -> None:
    with database.write() as session:
        bulk.apply(session, CLIENTS, ACME, [client("c1", contacts=["p1"])], run_id="r1", now=NOW)
        bulk.apply(session, CLIENTS, ACME, [client("c1", 1, contacts=["p1"])], run_id="r2", now=NOW)
        bulk.apply(session, CLIENTS, ACME, [client("c1", 2, contacts=["p1"])], run_id="r3", now=LATER)
        assert history.forget(session, LATER) == 4  # two changes each of c1 and p1
        assert history.forget(session, LATER) == 0
        (left,) = history.life(session, CLIENTS, ACME, "c1")
        assert left.change.run_id == "r3"
        assert FieldChange("name", "c1 version 1", "c1 version 2") in left.fields
        kept = {name: len(session.connection().execute(select(SCHEMA.tables[name])).all()) for name in FORMER_ROWS}
    assert {name: count for name, count in kept.items() if count} == dict.fromkeys(
        ("client_before", "client_contact_before", "contact_before"), 1
    )


def test_old_changes_are_deleted_in_batches(database: Database) -> None:
    with database.write() as session:
        rows = [job(f"J{number}") for number in range(history.BATCH + 1)]
        bulk.apply(session, JOBS, ACME, rows, run_id="r1", now=NOW)
        after = NOW + dt.timedelta(seconds=1)
        assert [history.forget(session, after) for _ in range(3)] == [history.BATCH, 1, 0]
