"""Reverts restore exactly what runs changed, and skip records changed since unless told to overwrite them."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import Session

from tests.store.kit import ACME, NOW, client, job
from xpm.store.engine.database import Database
from xpm.store.errors import UnknownRecord, WrongColumns
from xpm.store.pull import comparisons
from xpm.store.pull.runs import RunCounts
from xpm.store.records import bulk, edits, reverts
from xpm.store.records.changes import Author
from xpm.store.records.kinds import ALL, CLIENTS, JOB_CUSTOM_FIELDS, JOBS, STAFF, RecordTable
from xpm.store.records.rows import RecordRow, Scope
from xpm.store.tables import StoreTable
from xpm.store.vocabulary import ArchiveReason, OwnerKind

pytestmark = pytest.mark.also_on_postgresql("the store itself")

PERSON = "ana@acme.example"
OTHER = Scope("acme", "another tenant")

DIGESTS = ("content_hash", "sent_digest")

State = dict[tuple[str, str, str], Any]
"""Every record: table name, tenant and key, and all its rows."""


def state(session: Session) -> State:
    """Return every record with every column of every row."""
    found: State = {}
    for table in ALL.values():
        for part in table.parts:
            for row in session.connection().execute(select(part.table)).mappings():
                if all(row[name] == value for name, value in table.fixed.items()):
                    rows = found.setdefault((table.name, row["tenant_id"], row[part.key]), [])
                    rows.append((part.table.name, tuple(sorted((name, repr(value)) for name, value in row.items()))))
    return {record: sorted(rows) for record, rows in found.items()}


def content(session: Session) -> State:
    """Return the state without digests: a revert clears those of clients that the next sync must read again."""
    return {
        record: [(table, tuple(one for one in row if one[0] not in DIGESTS)) for table, row in rows]
        for record, rows in state(session).items()
    }


def put(
    session: Session, run: str, table: RecordTable, *rows: RecordRow, scope: Scope = ACME, now: dt.datetime = NOW
) -> None:
    bulk.apply(session, table, scope, rows, run_id=run, now=now)


def take_back(session: Session, *runs: str, by: str = "revert", overwrite: bool = False) -> RunCounts:
    return reverts.revert(session, runs, Author(NOW, run_id=by), overwrite=overwrite)


def test_reverting_removes_the_records_a_run_added_and_the_rows_they_own(database: Database) -> None:
    with database.write() as session:
        put(session, "r1", CLIENTS, client("c1", contacts=["p1"], groups=["g1"]))
        put(session, "r1", JOBS, job("J1"))
        assert take_back(session, "r1") == RunCounts(removed=3)  # the client, its contact and the job
        assert state(session) == {}


def test_reverting_restores_changed_records_with_every_timestamp(database: Database) -> None:
    with database.write() as session:
        put(session, "r1", CLIENTS, client("c1", contacts=["p1", "p2"], groups=["g1"]))
        before = state(session)
        put(session, "r2", CLIENTS, client("c1", 1, contacts=["p2", "p3"]), client("c2"), now=NOW + dt.timedelta(1))
        assert take_back(session, "r2") == RunCounts(changed=2, removed=2)  # changed: c1 and p2; removed: c2 and p3
        assert state(session) == before


def test_reverting_restores_the_records_a_run_archived(database: Database) -> None:
    with database.write() as session:
        put(session, "r1", JOBS, job("J1"), job("J2"))
        before = state(session)
        bulk.archive(session, JOBS, ACME, ["J1"], ArchiveReason.ABSENT, run_id="r2", now=NOW)
        assert take_back(session, "r2") == RunCounts(restored=1)
        assert state(session) == before


def test_reverting_restores_the_records_of_the_previous_tenant(database: Database) -> None:
    with database.write() as session:
        put(session, "r1", JOBS, job("J1"), job("J2"))
        before = state(session)
        put(session, "r2", JOBS, job("J1"), scope=OTHER)
        assert bulk.archive_others(session, JOBS, OTHER, run_id="r2", now=NOW) == 2
        assert bulk.count_active(session, JOBS, ACME) == bulk.count_present(session, JOBS, ACME) == 0
        assert take_back(session, "r2") == RunCounts(removed=1, restored=2)
        assert state(session) == before


def test_a_revert_can_be_reverted(database: Database) -> None:
    with database.write() as session:
        put(session, "r1", CLIENTS, client("c1", contacts=["p1"]))
        put(session, "r2", CLIENTS, client("c1", 1, contacts=["p2"]), client("c2"))
        after = state(session)
        take_back(session, "r1", "r2", by="first")
        assert state(session) == {}
        assert take_back(session, "first", by="second") == RunCounts(added=4)
        assert state(session) == after


def test_a_revert_skips_records_that_a_person_edited_since_unless_it_overwrites(database: Database) -> None:
    with database.write() as session:
        put(session, "r1", JOBS, job("J1"), job("J2"))
        before = state(session)
        put(session, "r2", JOBS, job("J1", 1), job("J2", 1))
        edits.edit(session, JOBS, ACME, "J1", {"state": "Ready"}, person=PERSON, now=NOW)
        (left,) = reverts.changed_since(session, ["r2"], 10)
        assert (left.table, left.key, left.person) == (JOBS, "J1", PERSON)
        assert reverts.preview(session, ["r2"], overwrite=False) == {"job": RunCounts(changed=1)}
        assert reverts.preview(session, ["r2"], overwrite=True) == {"job": RunCounts(changed=2)}
        assert take_back(session, "r2", by="a") == RunCounts(changed=1)
        assert take_back(session, "r2", "a", by="b", overwrite=True) == RunCounts(changed=1)
        assert state(session) == before


def test_a_revert_skips_records_that_a_later_run_changed(database: Database) -> None:
    with database.write() as session:
        put(session, "r1", JOBS, job("J1"))
        put(session, "r2", JOBS, job("J1", 1), job("J2"))
        put(session, "r3", JOBS, job("J1", 2))
        assert [(one.key, one.run_id) for one in reverts.changed_since(session, ["r2"], 10)] == [("J1", "r3")]
        assert take_back(session, "r2") == RunCounts(removed=1)


def test_a_reverted_change_does_not_count_as_changed_since(database: Database) -> None:
    with database.write() as session:
        put(session, "r1", JOBS, job("J1"), job("J2"))
        put(session, "r2", JOBS, job("J1", 1), job("J2", 1))
        take_back(session, "r2", by="a")
        assert reverts.preview(session, ["r2"], overwrite=True) == {}
        assert reverts.changed_since(session, ["r1"], 10) == []
        assert take_back(session, "r1", by="b") == RunCounts(removed=2)
        assert reverts.changed_since(session, ["r1", "r2"], 10) == []


def test_a_revert_of_changes_can_be_reverted(database: Database) -> None:
    with database.write() as session:
        put(session, "r1", JOBS, job("J1"), job("J2"))
        put(session, "r2", JOBS, job("J1", 1), job("J2", 1))
        after = state(session)
        take_back(session, "r2", by="a")
        assert take_back(session, "a", by="b") == RunCounts(changed=2)
        assert state(session) == after


def test_reverted_custom_field_values_are_due_for_comparison(database: Database) -> None:
    with database.write() as session:
        put(session, "r1", JOBS, job("J1"), job("J2"))
        for number, run in (("J1", "r1"), ("J2", "r2")):
            put(session, run, JOB_CUSTOM_FIELDS, RecordRow(number, b"0", {}, {"custom_field_value": []}))
        comparisons.note_compared(session, ACME, OwnerKind.JOB, ["J1", "J2"], NOW)
        take_back(session, "r2")
        due = comparisons.due(session, JOBS, ACME, OwnerKind.JOB, changes_only=True)
        assert [one.key for one in due] == ["J2"]


def test_an_edit_of_an_unknown_record_or_an_internal_column_is_refused(database: Database) -> None:
    with database.write() as session:
        with pytest.raises(UnknownRecord):
            edits.edit(session, JOBS, ACME, "J9", {"state": "Ready"}, person=PERSON, now=NOW)
        with pytest.raises(WrongColumns):
            edits.edit(session, STAFF, ACME, "s1", {"content_hash": b""}, person=PERSON, now=NOW)


def test_every_former_row_belongs_to_a_change(database: Database) -> None:
    with database.write() as session:
        put(session, "r1", CLIENTS, client("c1", contacts=["p1"], groups=["g1"]))
        put(session, "r2", CLIENTS, client("c1", 1, contacts=["p1"]))
        known = set(session.connection().scalars(select(StoreTable.metadata.tables["record_change"].c.id)))
        for table in ("client_before", "client_contact_before", "client_group_member_before", "contact_before"):
            kept = session.connection().scalars(select(StoreTable.metadata.tables[table].c.change_id)).all()
            assert len(kept) == 1
            assert set(kept) <= known


keys = st.sampled_from(["a", "b", "c"])
steps = st.one_of(
    st.tuples(st.just("jobs"), st.lists(st.tuples(keys, st.integers(0, 2)), min_size=1, max_size=3)),
    st.tuples(
        st.just("clients"),
        st.lists(st.tuples(keys, st.integers(0, 2), st.lists(keys, unique=True)), min_size=1, max_size=3),
    ),
    st.tuples(st.just("archive"), st.lists(keys, unique=True)),
    st.tuples(st.just("edit"), keys),
    st.tuples(st.just("revert"), st.tuples(st.integers(0, 5), st.booleans())),
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=st.lists(steps, min_size=1, max_size=8))
def test_any_sequence_of_syncs_edits_and_reverts_can_be_reverted(
    database: Database, sequence: list[tuple[str, Any]]
) -> None:
    with database.engine.connect() as connection, Session(bind=connection) as session:
        past: list[tuple[str | None, State]] = []  # for each step its run and the state before it
        for number, (kind, what) in enumerate(sequence):
            past.append((None if kind == "edit" else f"run-{number}", content(session)))
            carry_out(session, f"run-{number}", kind, what, past)
        expected_after_all = expected(past, content(session), 0, overwrite=True)
        runs = [run for run, _ in past if run]
        take_back(session, *runs, by="last", overwrite=True)
        assert content(session) == expected_after_all
        session.rollback()


def carry_out(session: Session, run: str, kind: str, what: Any, past: list[tuple[str | None, State]]) -> None:  # noqa: ANN401
    """Do one step. The result of a revert is compared with the one worked out from the earlier states."""
    now = NOW + dt.timedelta(minutes=len(past))
    if kind == "jobs":
        put(session, run, JOBS, *(job(key, version) for key, version in what), now=now)
    elif kind == "clients":
        rows = (client(key, version, contacts=contacts) for key, version, contacts in what)
        put(session, run, CLIENTS, *rows, now=now)
    elif kind == "archive":
        bulk.archive(session, JOBS, ACME, what, ArchiveReason.ABSENT, run_id=run, now=now)
    elif kind == "edit":
        if ("job", ACME.tenant_id, what) in past[-1][1]:
            edits.edit(session, JOBS, ACME, what, {"state": f"state {len(past)}"}, person=PERSON, now=now)
    else:
        since, overwrite = what
        wanted = expected(past[:-1], past[-1][1], since, overwrite=overwrite)
        runs = [other for other, _ in past[since:-1] if other]
        foretold = sum((sum_of(tally) for tally in reverts.preview(session, runs, overwrite=overwrite).values()), 0)
        assert foretold == sum_of(take_back(session, *runs, by=run, overwrite=overwrite))
        assert content(session) == wanted


def sum_of(tally: RunCounts) -> int:
    return tally.added + tally.changed + tally.archived + tally.restored + tally.removed


def expected(past: list[tuple[str | None, State]], now: State, since: int, *, overwrite: bool) -> State:
    """Work out, from the states alone, the state after reverting all runs since a step."""
    states = [*(before for _, before in past), now]
    wanted: dict[tuple[str, str, str], Any] = {}
    for record in {record for one in states for record in one}:
        mine = [step for step in range(since, len(past)) if past[step][0] and touched(states, step, record)]
        ours = any(now.get(record) == states[step + 1].get(record) for step in mine)
        between = range(mine[0], mine[-1]) if mine else ()
        ours = ours and not any(past[step][0] is None and touched(states, step, record) for step in between)
        kept = not mine or (not overwrite and not ours)
        wanted[record] = now.get(record) if kept else states[mine[0]].get(record)
    return {record: rows for record, rows in wanted.items() if rows is not None}


def touched(states: list[State], step: int, record: tuple[str, str, str]) -> bool:
    return states[step].get(record) != states[step + 1].get(record)
