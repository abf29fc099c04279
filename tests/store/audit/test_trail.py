"""The audit trail shows whatever is done to its lines by somebody who has the database, but not the key."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from tests.processes import FORKED
from tests.profiles import deep_but
from tests.store.audit.tampering import breaks, checked, edit, hash_again, line, tamper, write
from tests.store.kit import KEY, LATER, NOW, VAULT
from tests.store.workers import append_lines, run
from xpm.store.audit import chain, entries
from xpm.store.audit.entries import HeadFault
from xpm.store.audit.verification import BreakKind
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.store.tables import AuditEntry, AuditHead
from xpm.store.vocabulary import Action

pytestmark = pytest.mark.also_on_postgresql("triggers, locks and column types")

LINES = 4
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
VALUES = st.dictionaries(TEXTS, st.none() | st.booleans() | st.integers(-(2**40), 2**40) | TEXTS, max_size=3)
MOMENTS = st.integers(1, 10**12).map(lambda microseconds: NOW - timedelta(microseconds=microseconds))


def of_column(name: str) -> st.SearchStrategy[Any]:
    """Values that the database takes in this column."""
    if name == "at":
        return MOMENTS
    return VALUES if name in {"before", "after"} else TEXTS


@pytest.fixture
def trail(database: Database) -> Database:
    write(database, LINES)
    return database


def test_a_trail_that_nobody_touched_is_whole(trail: Database) -> None:
    state = checked(trail)
    assert (state.breaks, state.lines, state.first_id, state.last_id, state.unsigned) == ((), LINES, 1, LINES, 0)
    assert state.since == NOW


def test_a_trail_without_a_line_is_whole(database: Database) -> None:
    assert (checked(database).breaks, checked(database).lines) == ((), 0)


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET actor = 'somebody'", "DELETE FROM audit_entry"])
@pytest.mark.parametrize("which", ["", " WHERE id = 1", f" WHERE id = {LINES}"])
def test_the_database_itself_refuses_to_change_or_delete_a_line(trail: Database, statement: str, which: str) -> None:
    with pytest.raises(DBAPIError, match="kept as they are"), trail.write() as session:
        session.connection().execute(text(statement + which))
    assert checked(trail).lines == LINES


def test_the_database_itself_refuses_to_delete_the_head(trail: Database) -> None:
    with pytest.raises(DBAPIError, match="kept as they are"), trail.write() as session:
        session.connection().execute(text("DELETE FROM audit_head"))


@pytest.mark.parametrize("number", ["1", "'one'"])
def test_sqlite_refuses_to_replace_a_line_or_to_number_it_by_a_text(sqlite_database: Database, number: str) -> None:
    write(sqlite_database, 1)
    columns = ", ".join(name for name in AuditEntry.model_fields if name != "id")
    replace = f"INSERT OR REPLACE INTO audit_entry (id, {columns}) SELECT {number}, {columns} FROM audit_entry LIMIT 1"  # noqa: S608
    with pytest.raises(DBAPIError, match="kept as they are"), sqlite_database.write() as session:
        session.connection().execute(text(replace))


def test_postgresql_refuses_to_truncate_the_trail(postgresql_database: Database) -> None:
    write(postgresql_database, 1)
    with pytest.raises(DBAPIError, match="kept as they are"), postgresql_database.write() as session:
        session.connection().execute(text("TRUNCATE audit_entry"))


@pytest.mark.parametrize("column", deep_but({"actor", "at", "after"}, sorted(AuditEntry.model_fields.keys() - {"id"})))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_of_any_column_shows_at_its_line(trail: Database, column: str, data: st.DataObject) -> None:
    number = data.draw(st.integers(1, LINES))
    with trail.read() as session:
        before = getattr(session.get(AuditEntry, number), column)
    value = data.draw(of_column(column).filter(lambda one: one != before))

    def change(session: Session, to: object) -> None:
        setattr(session.get(AuditEntry, number), column, to)

    edit(trail, lambda session: change(session, value))
    assert checked(trail).breaks[0].line == number
    edit(trail, lambda session: change(session, before))
    assert breaks(trail) == []


@pytest.mark.parametrize("column", ["actor", "before", "detail", "at"])
def test_a_change_shows_at_its_line_even_if_all_hashes_are_made_anew(trail: Database, column: str) -> None:
    values: dict[str, object] = {"actor": "somebody", "before": {}, "detail": None, "at": LATER}

    def change(session: Session) -> None:
        setattr(session.get(AuditEntry, 2), column, values[column])
        session.flush()
        hash_again(session, 2)

    edit(trail, change)
    assert breaks(trail)[0] == (2, BreakKind.FORGED)
    assert (0, BreakKind.HEAD) in breaks(trail)


@pytest.mark.parametrize("number", range(1, LINES + 1))
def test_a_removed_line_shows_the_last_one_too(trail: Database, number: int) -> None:
    tamper(trail, f"DELETE FROM audit_entry WHERE id = {number}")  # noqa: S608 - a number
    (found,) = checked(trail).breaks
    assert found.kind is BreakKind.REMOVED
    assert found.line == (number + 1 if number < LINES else number)
    assert found.detail == f"{number} to {number}"


def test_a_removed_end_shows_even_if_the_head_counts_fewer_lines(trail: Database) -> None:
    def shorten(session: Session) -> None:
        head, last = session.get(AuditHead, 1), session.get(AuditEntry, 2)
        assert head
        assert last
        for number in (3, 4):
            session.delete(session.get(AuditEntry, number))
        head.last_id, head.last_hash = last.id, last.hash

    edit(trail, shorten)
    assert breaks(trail) == [(0, BreakKind.HEAD)]


@pytest.mark.parametrize("first", [1, 2, 3])
def test_two_lines_that_changed_places_show(trail: Database, first: int) -> None:
    for old, new in ((first, 99), (first + 1, first), (99, first + 1)):
        tamper(trail, f"UPDATE audit_entry SET id = {new} WHERE id = {old}")  # noqa: S608 - numbers
    assert [number for number, _ in breaks(trail)][:2] == [first, first + 1]


def test_an_inserted_line_shows_wherever_it_is(trail: Database) -> None:
    def insert(session: Session) -> None:
        last = session.get(AuditEntry, LINES)
        assert last
        session.add(AuditEntry(**last.model_dump() | {"id": LINES + 1, "previous_hash": last.hash}))

    edit(trail, insert)
    assert breaks(trail) == [(LINES + 1, BreakKind.CHANGED), (LINES + 1, BreakKind.INSERTED)]


@pytest.mark.parametrize("column", ["anchor_id", "anchor_hash", "last_id", "last_hash", "key_id", "signature"])
def test_any_change_of_the_head_shows(trail: Database, column: str) -> None:
    value = 2 if column.endswith("_id") and column != "key_id" else "'0123'"
    tamper(trail, f"UPDATE audit_head SET {column} = {value}")  # noqa: S608 - our own words
    assert breaks(trail) == [(0, BreakKind.HEAD)]


def test_lines_without_a_head_show(trail: Database) -> None:
    tamper(trail, "DELETE FROM audit_head")
    assert breaks(trail) == [(0, BreakKind.HEAD)]


@pytest.mark.parametrize(
    ("column", "value"),
    [("at", "soon"), ("before", "{broken"), ("after", "[1"), ("before", "[" * 9999), ("actor", "x")],
    ids=["no moment", "no JSON", "half JSON", "JSON too deep", "another actor"],
)
def test_a_line_that_cannot_be_read_is_reported_and_the_others_are_checked(
    sqlite_database: Database, column: str, value: str
) -> None:
    write(sqlite_database, LINES)
    tamper(
        sqlite_database,
        f"UPDATE audit_entry SET {column} = '{value}' WHERE id = 2",  # noqa: S608 - our own words
        "UPDATE audit_entry SET actor = 'somebody' WHERE id = 4",
    )
    kind = BreakKind.CHANGED if column == "actor" else BreakKind.UNREADABLE
    assert breaks(sqlite_database) == [(2, kind), (4, BreakKind.CHANGED)]


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DELETE FROM audit_entry WHERE id = 4", HeadFault.LINES_MISSING),
        ("UPDATE audit_head SET last_id = 2", HeadFault.CHANGED),
        ("UPDATE audit_head SET last_id = 9223372036854775807", HeadFault.CHANGED),
        ("DELETE FROM audit_head", HeadFault.MISSING),
        ("UPDATE audit_head SET key_id = 'another'", HeadFault.UNKNOWN_KEY),
    ],
)
def test_the_next_line_never_hides_a_break(trail: Database, statement: str, fault: HeadFault) -> None:
    tamper(trail, statement)
    write(trail, 1)
    found = checked(trail).breaks
    assert [(one.line, one.kind) for one in found] in (
        [(LINES + 1, BreakKind.NOTICED)],
        [(LINES + 1, BreakKind.REMOVED)],
    )
    with trail.read() as session:
        noted, last = reversed(entries.recent(session, 2))
    assert (noted.action, noted.detail, last.action) == (Action.FIND_BREAK, fault, Action.CHANGE_SETTINGS)
    write(trail, 1)
    assert len(checked(trail).breaks) == len(found)


def test_a_line_added_behind_our_back_does_not_stop_the_next_one(trail: Database) -> None:
    def insert(session: Session) -> None:
        last = session.get(AuditEntry, LINES)
        assert last
        session.add(AuditEntry(**last.model_dump() | {"id": LINES + 1}))

    edit(trail, insert)
    write(trail, 1)
    with trail.read() as session:
        assert [entry.id for entry in entries.recent(session, 2)] == [LINES + 3, LINES + 2]
    assert breaks(trail)[0] == (LINES + 1, BreakKind.CHANGED)


def test_a_transaction_that_fails_leaves_no_line(trail: Database) -> None:
    def fail_after_writing() -> None:
        with trail.write() as session:
            entries.append(session, VAULT, line(9))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    assert (checked(trail).lines, breaks(trail)) == (LINES, [])


def test_writers_at_once_never_fork_the_trail(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    barrier = FORKED.Barrier(3)
    run([FORKED.Process(target=append_lines, args=(url, KEY, 15, barrier)) for _ in range(3)])
    state = checked(database)
    assert (state.lines, state.last_id, state.breaks) == (45, 45, ())


class TestRotation:
    """The trail outlives its keys."""

    NEWER = Vault.new_key()

    def test_after_a_rotation_the_older_key_can_go(self, trail: Database) -> None:
        write(trail, 1, Vault([self.NEWER, KEY]))
        state = checked(trail, Vault([self.NEWER]))
        assert (state.breaks, state.unsigned) == ((), LINES)

    def test_signing_the_head_again_is_enough_to_let_the_older_key_go(self, trail: Database) -> None:
        with trail.write() as session:
            entries.sign_again(session, Vault([self.NEWER, KEY]))
        assert checked(trail, Vault([self.NEWER])).breaks == ()

    @pytest.mark.parametrize("number", [1, LINES])
    def test_lines_of_a_removed_key_are_still_proven(self, trail: Database, number: int) -> None:
        newer = Vault([self.NEWER, KEY])
        write(trail, 1, newer)

        def change(session: Session) -> None:
            entry, head = session.get(AuditEntry, number), session.get(AuditHead, 1)
            assert entry
            assert head
            entry.actor, last_hash = "somebody", head.last_hash
            hash_again(session, number)
            last = session.get(AuditEntry, LINES + 1)
            assert last
            head.last_hash = last.hash = last_hash

        edit(trail, change)
        assert checked(trail, Vault([self.NEWER])).breaks[0].line >= number

    def test_signing_again_never_hides_a_break(self, trail: Database) -> None:
        tamper(trail, "UPDATE audit_head SET last_id = 3")
        with trail.write() as session:
            entries.sign_again(session, Vault([self.NEWER, KEY]))
        assert breaks(trail) == [(0, BreakKind.HEAD)]

    def test_a_program_that_lacks_the_newest_key_breaks_nothing(self, trail: Database) -> None:
        both = Vault([self.NEWER, KEY])
        write(trail, 1, both)
        write(trail, 1, VAULT)  # not restarted yet
        write(trail, 1, both)
        assert checked(trail, both).breaks == ()
        assert checked(trail, both).lines == LINES + 4

    def test_a_key_that_is_lost_shows(self, trail: Database) -> None:
        write(trail, 1, Vault([self.NEWER]))
        assert breaks(trail, Vault([self.NEWER])) == [(LINES + 1, BreakKind.NOTICED)]


class TestRemoval:
    """Only what is too old is removed, and what was removed is proven by the anchor."""

    def test_the_oldest_lines_go_and_the_rest_is_whole(self, trail: Database) -> None:
        with trail.write() as session:
            assert entries.remove_old(session, VAULT, NOW + timedelta(minutes=2)) == 2
        state = checked(trail)
        assert (state.first_id, state.lines, state.breaks) == (3, 2, ())
        write(trail, 1)
        assert checked(trail).breaks == ()

    def test_a_trail_may_become_empty_and_goes_on(self, trail: Database) -> None:
        with trail.write() as session:
            assert entries.remove_old(session, VAULT, LATER) == LINES
        assert (checked(trail).lines, checked(trail).breaks) == (0, ())
        write(trail, 1)
        assert (checked(trail).first_id, checked(trail).breaks) == (LINES + 1, ())

    def test_nothing_is_removed_before_its_time(self, trail: Database) -> None:
        with trail.write() as session:
            assert entries.remove_old(session, VAULT, NOW) == 0

    def test_a_batch_at_a_time_is_removed(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(entries, "BATCH", 2)
        write(database, 3)
        for count in (2, 1, 0):
            with database.write() as session:
                assert entries.remove_old(session, VAULT, LATER) == count

    def test_a_removed_line_that_was_not_too_old_shows(self, trail: Database) -> None:
        with trail.write() as session:
            entries.remove_old(session, VAULT, NOW + timedelta(minutes=1))
        tamper(trail, "DELETE FROM audit_entry WHERE id = 2")
        assert breaks(trail) == [(3, BreakKind.REMOVED)]

    def test_an_anchor_that_somebody_moved_shows(self, trail: Database) -> None:
        with trail.write() as session:
            session.connection().execute(text("UPDATE audit_head SET anchor_id = 2"))
        with trail.write() as session:
            session.connection().execute(text("DELETE FROM audit_entry WHERE id <= 2"))
        assert (0, BreakKind.HEAD) in breaks(trail)

    def test_nothing_is_removed_from_a_trail_with_a_broken_head(self, trail: Database) -> None:
        tamper(trail, "UPDATE audit_head SET last_id = 3")
        with trail.write() as session:
            assert entries.remove_old(session, VAULT, LATER) == 0


def test_the_first_line_follows_on_the_beginning(trail: Database) -> None:
    with trail.read() as session:
        first = next(entries.in_order(session))
    assert (first.id, first.previous_hash) == (1, chain.BEGINNING)


def test_lines_are_listed_newest_first_by_practice_and_time(database: Database) -> None:
    with database.write() as session:
        for number, practice in enumerate(("acme", "other", "acme", None)):
            entries.append(session, VAULT, line(number, practice=practice))
    with database.read() as session:
        assert [one.id for one in entries.recent(session, 10)] == [4, 3, 2, 1]
        assert [one.id for one in entries.recent(session, 10, practice="acme")] == [3, 1]
        assert [one.id for one in entries.recent(session, 10, since=NOW + timedelta(minutes=2))] == [4, 3]
        assert [one.id for one in entries.recent(session, 1, before=3)] == [2]
        assert [one.id for one in entries.in_order(session)] == [1, 2, 3, 4]
