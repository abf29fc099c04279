"""Every kind of column returns what was stored in it, on both databases."""

import datetime as dt
import traceback
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.exc import StatementError
from sqlmodel import Session, col, select

from tests.store.kit import ACME, NOW, person, practice
from xpm.store.engine.database import Database
from xpm.store.tables import (
    AuthorisationAttempt,
    Client,
    CustomFieldValue,
    JsonObject,
    Staff,
    StoreTable,
    SyncRun,
)
from xpm.store.vocabulary import ArchiveReason, FyiStatus, OwnerKind, SyncMode, SyncTrigger

pytestmark = pytest.mark.also_on_postgresql("the store itself")

EARLIEST, LATEST = dt.datetime(1970, 1, 2), dt.datetime(2200, 1, 1)  # noqa: DTZ001 - Hypothesis adds the zones
SECRET = "123456782"
SYDNEY = dt.timezone(dt.timedelta(hours=11))
each_example_rolls_back = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def client(**columns: object) -> Client:
    row = Client(
        practice="acme",
        tenant_id=ACME.tenant_id,
        uuid="c1",
        first_synced_at=NOW,
        changed_at=NOW,
        content_hash=b"\x00\xff" * 8,
    )
    for name, value in columns.items():
        setattr(row, name, value)
    return row


def stored(session: Session, row: Client) -> Client:
    session.add(row)
    session.flush()
    session.expire_all()
    return session.exec(select(Client)).one()


def test_text_in_any_script_is_read_back(database: Database) -> None:
    name = "Žofie Ngāi O'Brien — 会計 🧾👩🏽\u200d💼 '; DROP TABLE client; --"
    with database.write() as session:
        assert stored(session, client(name=name)).name == name


def test_every_kind_of_column_is_read_back(database: Database) -> None:
    notes = [{"title": "Ā 🧾", "text": None, "date": "2026-03-01T09:00:00", "tags": ""}]
    row = client(
        date_of_birth=dt.date(1899, 12, 31),
        is_prospect=None,
        is_archived=True,
        type_cost_markup=Decimal("12.50"),
        type_payment_day=31,
        notes=notes,
        archived_at=NOW.astimezone(SYDNEY),
        archived_reason=ArchiveReason.ABSENT,
    )
    with database.write() as session:
        found = stored(session, row)
        assert found.date_of_birth == dt.date(1899, 12, 31)
        assert (found.is_prospect, found.is_archived, found.is_deleted) == (None, True, False)
        assert found.type_cost_markup == Decimal("12.50")
        assert found.type_payment_day == 31
        assert found.notes == notes
        assert found.content_hash == b"\x00\xff" * 8
        assert found.archived_at == NOW
        assert found.archived_at.tzinfo is dt.UTC
        assert found.archived_reason is ArchiveReason.ABSENT


def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="time zone"), database.write() as session:
        stored(session, client(changed_at=dt.datetime(2026, 3, 2, 9, 30)))  # noqa: DTZ001 - what the test is about


@pytest.mark.parametrize("amount", [1.5, Decimal("NaN"), Decimal("Infinity")])
def test_an_amount_that_is_not_an_exact_number_is_refused(database: Database, amount: object) -> None:
    with pytest.raises(StatementError, match="finite Decimal"), database.write() as session:
        stored(session, client(type_cost_markup=amount))


def test_a_word_outside_its_vocabulary_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="mislaid"), database.write() as session:
        stored(session, client(archived_reason="mislaid"))


@each_example_rolls_back
@given(amount=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=10))
def test_amounts_with_ten_decimals_are_read_back_equal(database: Database, amount: Decimal) -> None:
    with database.engine.connect() as connection, Session(bind=connection) as session:
        assert stored(session, client(type_cost_markup=amount)).type_cost_markup == amount


@each_example_rolls_back
@given(moment=st.datetimes(timezones=st.timezones(), min_value=EARLIEST, max_value=LATEST))
def test_times_of_any_zone_are_read_back_equal_in_utc(database: Database, moment: dt.datetime) -> None:
    with database.engine.connect() as connection, Session(bind=connection) as session:
        found = stored(session, client(changed_at=moment)).changed_at
        assert found == moment.astimezone(dt.UTC)
        assert found.tzinfo is dt.UTC


def test_times_of_different_zones_compare_correctly_in_sql(database: Database) -> None:
    with database.write() as session:
        stored(session, client(changed_at=NOW.astimezone(SYDNEY)))
        later = NOW + dt.timedelta(microseconds=1)
        assert session.exec(select(Client).where(col(Client.changed_at) < later)).all()
        assert not session.exec(select(Client).where(col(Client.changed_at) < NOW)).all()


def test_json_keeps_its_types_and_none_is_stored_as_null(database: Database) -> None:
    facts: JsonObject = {"page": 7, "since": None, "windows": ["2024-01-01", "é"], "done": False}
    with database.write() as session:
        practice(session)
        user = person(session)
        attempt = AuthorisationAttempt(
            id="a1", practice="acme", user_id=user.id, created_at=NOW, expires_at=NOW, reason_facts=facts
        )
        session.add(attempt)
        session.flush()
        session.expire_all()
        found = session.exec(select(AuthorisationAttempt)).one()
        assert found.reason_facts == facts
        found.reason_facts = None
        session.flush()
        assert session.exec(select(AuthorisationAttempt).where(col(AuthorisationAttempt.reason_facts).is_(None))).all()


def test_a_byte_count_may_exceed_32_bits(database: Database) -> None:
    run = SyncRun(
        id="r1",
        practice="acme",
        tenant_id="t",
        entity="jobs",
        mode=SyncMode.FULL,
        trigger=SyncTrigger.MANUAL,
        started_at=NOW,
        bytes=5_000_000_000,
    )
    with database.write() as session:
        practice(session)
        session.add(run)
        session.flush()
        session.expire_all()
        assert session.exec(select(SyncRun)).one().bytes == 5_000_000_000


def test_a_new_staff_member_is_inactive_in_fyi(database: Database) -> None:
    stamps = {"first_synced_at": NOW, "changed_at": NOW, "content_hash": b""}
    table = StoreTable.metadata.tables["staff"]
    with database.write() as session:
        session.connection().execute(insert(table), [{"practice": "acme", "tenant_id": "t", "uuid": "s", **stamps}])
        assert session.exec(select(Staff)).one().fyi_status is FyiStatus.INACTIVE


@pytest.mark.parametrize("mistake", [{"archived_reason": "mislaid"}, {"changed_at": None}])
def test_an_error_does_not_show_the_values_of_its_row(database: Database, mistake: dict[str, object]) -> None:
    with pytest.raises(StatementError) as refusal, database.write() as session:
        stored(session, client(tax_number=SECRET, **mistake))
    assert SECRET not in "".join(traceback.format_exception(refusal.value))


def test_a_custom_field_value_keeps_its_type(database: Database) -> None:
    value = CustomFieldValue(
        practice="acme",
        tenant_id="t",
        owner_kind=OwnerKind.JOB,
        owner_key="J1",
        definition_uuid="d",
        date=dt.date(2026, 2, 28),
        number=Decimal(7),
        decimal=Decimal("0.10"),
        boolean=False,
    )
    with database.write() as session:
        session.add(value)
        session.flush()
        session.expire_all()
        found = session.exec(select(CustomFieldValue)).one()
        assert (found.owner_kind, found.date, found.boolean) == (OwnerKind.JOB, dt.date(2026, 2, 28), False)
        assert (found.number, found.decimal, found.text) == (Decimal(7), Decimal("0.1"), None)
