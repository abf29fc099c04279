"""Bulk writes: the last version of every record is stored, and unchanged records are not written."""

import dataclasses
import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, Boolean, Integer, event
from sqlmodel import Session, col, select

from tests.store.kit import ACME, LATER, NOW, Writes, client, job
from xpm.store.engine.database import Database
from xpm.store.errors import WrongColumns
from xpm.store.records import bulk, kinds
from xpm.store.records.kinds import CLIENT_CUSTOM_FIELDS, CLIENTS, JOB_CUSTOM_FIELDS, JOBS, STAFF, RecordTable
from xpm.store.records.rows import Applied, RecordRow, Scope
from xpm.store.tables import (
    Client,
    ClientContact,
    ClientGroupMember,
    Contact,
    CustomFieldOwner,
    CustomFieldValue,
    Job,
    Staff,
)
from xpm.store.vocabulary import ArchiveReason, FyiStatus, OwnerKind

pytestmark = pytest.mark.also_on_postgresql("the store itself")

ALL_TABLES = [
    kinds.CLIENTS,
    kinds.CLIENT_GROUPS,
    kinds.JOBS,
    kinds.JOB_CATEGORIES,
    kinds.STAFF,
    kinds.CUSTOM_FIELD_DEFINITIONS,
    kinds.CLIENT_CUSTOM_FIELDS,
    kinds.JOB_CUSTOM_FIELDS,
    kinds.TAX_RETURNS,
]
OTHER = Scope("acme", "22222222-2222-4222-8222-222222222222")


def put(
    session: Session,
    rows: Sequence[RecordRow],
    table: RecordTable = JOBS,
    scope: Scope = ACME,
    *,
    run_id: str = "run-1",
    now: dt.datetime = NOW,
) -> Applied:
    return bulk.apply(session, table, scope, rows, run_id=run_id, now=now)


def names(session: Session) -> dict[str, str | None]:
    return dict(session.exec(select(Job.number, Job.name).where(col(Job.tenant_id) == ACME.tenant_id)).all())


def values(text: str | None, *definitions: str) -> list[dict[str, object]]:
    empty = {"name": None, "date": None, "number": None, "decimal": None, "boolean": None}
    return [{"definition_uuid": one, "text": text, **empty} for one in definitions]


versions = st.tuples(st.sampled_from(["J1", "J2", "J3", "J4"]), st.integers(0, 3))
batches = st.lists(st.lists(versions, max_size=6), max_size=6)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=batches)
def test_any_sequence_of_batches_ends_with_the_last_version_of_every_job(
    database: Database, history: list[list[tuple[str, int]]]
) -> None:
    expected: dict[str, int] = {}
    with database.engine.connect() as connection, Session(bind=connection) as session:
        for batch in history:
            before = dict(expected)
            expected.update(batch)
            applied = put(session, [job(*version) for version in batch])
            touched = {number for number, _ in batch}
            assert applied == Applied(
                added=len(touched - before.keys()),
                changed=sum(before[one] != expected[one] for one in touched & before.keys()),
                unchanged=sum(before[one] == expected[one] for one in touched & before.keys()),
            )
        assert names(session) == {number: f"{number} version {version}" for number, version in expected.items()}


@pytest.mark.parametrize("table", [JOBS, CLIENTS])
def test_applying_the_same_batch_again_writes_nothing(database: Database, table: RecordTable) -> None:
    describe = job if table is JOBS else client
    with database.write() as session:
        put(session, [describe(f"r{number}") for number in range(50)], table)
    with Writes(database) as writes, database.write() as session:
        assert put(session, [describe(f"r{number}") for number in range(50)], table) == Applied(unchanged=50)
    assert writes.statements == []


def test_only_changed_records_are_written(database: Database) -> None:
    with database.write() as session:
        put(session, [job("J1"), job("J2")])
        put(session, [job("J1"), job("J2", 1)], run_id="run-2", now=LATER)
        found = {row.number: row for row in session.exec(select(Job))}
    assert (found["J1"].changed_at, found["J1"].changed_by_run) == (NOW, "run-1")
    assert (found["J2"].changed_at, found["J2"].changed_by_run) == (LATER, "run-2")
    assert found["J2"].first_synced_at == NOW


def test_the_order_within_a_batch_does_not_matter(database: Database) -> None:
    rows = [job("J1", 1), job("J2", 2), job("J3", 3)]
    with database.write() as session:
        put(session, rows)
        forward = names(session)
        put(session, rows[::-1], scope=OTHER)
        backward = session.exec(select(Job.number, Job.name).where(col(Job.tenant_id) == OTHER.tenant_id)).all()
    assert forward == dict(backward)


def test_a_batch_larger_than_one_query_is_applied_completely(database: Database) -> None:
    rows = [job(f"J{number}") for number in range(bulk.BATCH + 7)]
    with database.write() as session:
        assert put(session, rows) == Applied(added=len(rows))
        assert put(session, rows) == Applied(unchanged=len(rows))
        assert bulk.count_active(session, JOBS, ACME) == len(rows)
        keys = list(bulk.active_keys(session, JOBS, ACME))
        archived = bulk.archive(session, JOBS, ACME, keys, ArchiveReason.ABSENT, run_id="r", now=NOW)
        assert archived == len(rows)


def test_keys_with_any_script_and_quotes_are_found_again(database: Database) -> None:
    rows = [job(key) for key in ("J'1", 'J"2', "J\\3", "仕事-4", "J 🧾", "[5]", "")]
    with database.write() as session:
        put(session, rows)
        assert put(session, rows) == Applied(unchanged=len(rows))


def test_a_statement_passes_all_keys_in_one_parameter(database: Database) -> None:
    counts: list[int] = []

    def count(
        _connection: object, _cursor: object, _statement: object, parameters: Sequence[object], *_: object
    ) -> None:
        counts.append(len(parameters))

    event.listen(database.engine, "before_cursor_execute", count)
    with database.write() as session:
        bulk.archive(session, JOBS, ACME, [f"J{n}" for n in range(999)], ArchiveReason.ABSENT, run_id="r", now=NOW)
        list(bulk.active_keys(session, JOBS, ACME))
    assert counts
    assert max(counts) < 20


def test_an_empty_batch_does_nothing(database: Database) -> None:
    with database.write() as session:
        assert put(session, []) == Applied()


def test_tenants_and_practices_never_share_a_record(database: Database) -> None:
    with database.write() as session:
        put(session, [job("J1", 1)])
        assert put(session, [job("J1", 2)], scope=OTHER) == Applied(added=1)
        assert put(session, [job("J1", 3)], scope=Scope("beta", ACME.tenant_id)) == Applied(added=1)
        assert bulk.archive(session, JOBS, OTHER, ["J1"], ArchiveReason.ABSENT, run_id="r", now=NOW) == 1
        assert list(bulk.active_keys(session, JOBS, ACME)) == ["J1"]
        assert bulk.count_active(session, JOBS, OTHER) == 0


def test_contacts_and_groups_change_with_their_client(database: Database) -> None:
    with database.write() as session:
        put(session, [client("c1", 0, ["ana", "ben"], ["trusts"]), client("c2", 0, ["ana"])], CLIENTS)
        put(session, [client("c1", 1, ["cy", "ana"], [])], CLIENTS)
        links = session.exec(
            select(ClientContact.client_uuid, ClientContact.contact_uuid).order_by(
                ClientContact.client_uuid, col(ClientContact.position_in_list)
            )
        ).all()
        assert list(links) == [("c1", "cy"), ("c1", "ana"), ("c2", "ana")]
        assert session.exec(select(ClientGroupMember)).all() == []
        assert {one.uuid: one.name for one in session.exec(select(Contact))} == {
            "ana": "ana 1",
            "ben": "ben 0",
            "cy": "cy 1",
        }


def test_an_unchanged_client_keeps_its_contacts(database: Database) -> None:
    with database.write() as session:
        put(session, [client("c1", 0, ["ana"]), client("c2", 0, ["ben"])], CLIENTS)
        put(session, [client("c1", 0, ["ana"]), client("c2", 1, [])], CLIENTS)
        assert [one.client_uuid for one in session.exec(select(ClientContact))] == ["c1"]


def test_a_contact_listed_twice_for_a_client_is_stored_once(database: Database) -> None:
    with database.write() as session:
        put(session, [client("c1", 0, ["ana", "ana"])], CLIENTS)
        assert len(session.exec(select(ClientContact)).all()) == 1


def test_an_archived_record_keeps_its_content_and_the_reason(database: Database) -> None:
    with database.write() as session:
        put(session, [job("J1"), job("J2")])
        assert bulk.archive(session, JOBS, ACME, ["J1", "nothing"], ArchiveReason.DELETED, run_id="r2", now=LATER) == 1
        found = session.exec(select(Job).where(col(Job.archived_at).is_not(None))).one()
        assert (found.number, found.archived_at, found.archived_reason) == ("J1", LATER, ArchiveReason.DELETED)
        assert (found.name, found.changed_by_run) == ("J1 version 0", "r2")
        assert list(bulk.active_keys(session, JOBS, ACME)) == ["J2"]


def test_archiving_again_changes_nothing(database: Database) -> None:
    with database.write() as session:
        put(session, [job("J1")])
        bulk.archive(session, JOBS, ACME, ["J1"], ArchiveReason.ARCHIVED, run_id="r1", now=NOW)
        assert bulk.archive(session, JOBS, ACME, ["J1"], ArchiveReason.ABSENT, run_id="r2", now=LATER) == 0
        assert session.exec(select(Job.archived_reason)).one() == ArchiveReason.ARCHIVED


@pytest.mark.parametrize("version", [0, 1])
def test_an_archived_record_that_is_sent_again_is_active_again(database: Database, version: int) -> None:
    with database.write() as session:
        put(session, [client("c1", 0, ["ana"])], CLIENTS)
        bulk.archive(session, CLIENTS, ACME, ["c1"], ArchiveReason.ABSENT, run_id="r1", now=NOW)
        assert put(session, [client("c1", version, ["ben"])], CLIENTS, now=LATER) == Applied(restored=1)
        found = session.exec(select(Client)).one()
        assert (found.archived_at, found.archived_reason, found.first_synced_at) == (None, None, NOW)
        assert [one.contact_uuid for one in session.exec(select(ClientContact))] == ["ben"]


def test_a_record_that_xpm_archived_is_stored_as_archived_and_counted_once(database: Database) -> None:
    archived = dataclasses.replace(job("J1", 1), archived=ArchiveReason.ARCHIVED)
    with database.write() as session:
        put(session, [job("J1")])
        assert put(session, [archived], now=LATER) == Applied(archived=1)
        assert put(session, [archived], now=LATER) == Applied(unchanged=1)
        found = session.exec(select(Job)).one()
        assert (found.name, found.archived_at, found.archived_reason) == ("J1 version 1", LATER, ArchiveReason.ARCHIVED)
        assert put(session, [job("J1", 1)], now=LATER) == Applied(restored=1)
        assert list(bulk.active_keys(session, JOBS, ACME)) == ["J1"]


def test_a_new_reason_or_version_keeps_the_time_of_archiving(database: Database) -> None:
    deleted = dataclasses.replace(job("J1", 2), archived=ArchiveReason.DELETED)
    with database.write() as session:
        put(session, [dataclasses.replace(job("J1"), archived=ArchiveReason.ARCHIVED)])
        assert put(session, [deleted], now=LATER) == Applied(changed=1)
        found = session.exec(select(Job)).one()
        assert (found.name, found.archived_at, found.archived_reason) == ("J1 version 2", NOW, ArchiveReason.DELETED)


def test_archived_records_count_as_present_and_absent_ones_do_not(database: Database) -> None:
    with database.write() as session:
        put(session, [job("J1"), job("J2"), dataclasses.replace(job("J3"), archived=ArchiveReason.ARCHIVED)])
        bulk.archive(session, JOBS, ACME, ["J2"], ArchiveReason.ABSENT, run_id="r", now=NOW)
        assert bulk.count_active(session, JOBS, ACME) == 1
        assert bulk.count_present(session, JOBS, ACME) == 2


def test_values_of_a_client_and_a_job_with_the_same_key_stay_apart(database: Database) -> None:
    with database.write() as session:
        for table, text in ((CLIENT_CUSTOM_FIELDS, "of the client"), (JOB_CUSTOM_FIELDS, "of the job")):
            put(session, [RecordRow("1", b"0", {}, {"custom_field_value": values(text, "d1", "d2")})], table)
        put(session, [RecordRow("1", b"1", {}, {"custom_field_value": values("new", "d1")})], JOB_CUSTOM_FIELDS)
        found = {(one.owner_kind, one.definition_uuid): one.text for one in session.exec(select(CustomFieldValue))}
        assert found == {
            (OwnerKind.CLIENT, "d1"): "of the client",
            (OwnerKind.CLIENT, "d2"): "of the client",
            (OwnerKind.JOB, "d1"): "new",
        }
        assert len(session.exec(select(CustomFieldOwner)).all()) == 2


def test_a_sync_never_overwrites_fyis_own_columns(database: Database) -> None:
    person = dict.fromkeys(STAFF.columns)
    with database.write() as session:
        put(session, [RecordRow("s1", b"0", person)], STAFF)
        session.exec(select(Staff)).one().fyi_status = FyiStatus.ACTIVE
        session.flush()
        put(session, [RecordRow("s1", b"1", {**person, "name": "Sam"})], STAFF)
        session.expire_all()
        found = session.exec(select(Staff)).one()
        assert (found.name, found.fyi_status) == ("Sam", FyiStatus.ACTIVE)


def test_a_row_with_wrong_columns_is_refused_before_anything_is_written(database: Database) -> None:
    short = RecordRow("J2", b"0", {"name": "half a job"})
    unnamed = client("c1")
    unnamed = RecordRow(unnamed.key, b"0", unnamed.columns, {"client_contact": [{"contact_uuid": "ana"}]})
    with database.write() as session:
        with pytest.raises(WrongColumns, match="job: "):
            put(session, [job("J1"), short])
        with pytest.raises(WrongColumns, match="client_contact: "):
            put(session, [unnamed], CLIENTS)
        assert bulk.count_active(session, JOBS, ACME) == bulk.count_active(session, CLIENTS, ACME) == 0


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.table.name)
def test_every_kind_of_record_is_stored_and_counted(database: Database, table: RecordTable) -> None:
    columns = {name: _any_value(table, name) for name in table.columns}
    with database.write() as session:
        assert put(session, [RecordRow("k1", b"0", columns)], table) == Applied(added=1)
        assert put(session, [RecordRow("k1", b"1", columns)], table) == Applied(changed=1)
        assert list(bulk.active_keys(session, table, ACME)) == ["k1"]


def _any_value(table: RecordTable, name: str) -> object:
    column = table.table.c[name]
    if column.nullable:
        return None
    return {Integer: 2025, Boolean: False, JSON: []}.get(type(column.type), "x")
