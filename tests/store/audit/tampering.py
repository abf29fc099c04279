"""Somebody who has the database, but not the key: changes rows under the guards, and makes new hashes for them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text
from sqlmodel import Session

from tests.store.kit import NOW, VAULT
from xpm.store.audit import chain, entries
from xpm.store.audit.entries import AuditLine
from xpm.store.audit.verification import TrailState, verify
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.store.tables import AuditEntry, AuditHead
from xpm.store.vocabulary import Action, ActorKind, AuditOutcome


def line(number: int, **said: object) -> AuditLine:
    """A line that says something in every column."""
    whole: dict[str, Any] = {
        "at": NOW + timedelta(minutes=number, microseconds=number),
        "actor_kind": ActorKind.PERSON,
        "actor": f"person-{number}@acme.example",
        "session": "0123456789ab",
        "address": "203.0.113.7",
        "flow_run_id": "5a0c54a5-4f7a-4d52-9a2f-0d5f6f2d8c11",
        "named": "ana@acme.example",
        "action": Action.CHANGE_SETTINGS,
        "practice": "acme",
        "resource": "settings",
        "before": {"maintain_jobs": False},
        "after": {"maintain_jobs": True},
        "outcome": AuditOutcome.DONE,
        "detail": "settings.changed",
    }
    return AuditLine(**whole | said)


def write(database: Database, count: int, vault: Vault = VAULT) -> None:
    """Append lines, each in a transaction of its own."""
    for number in range(count):
        with database.write() as session:
            entries.append(session, vault, line(number))


def checked(database: Database, vault: Vault = VAULT) -> TrailState:
    """What a check of the whole trail finds."""
    with database.read() as session:
        return verify(session, vault)


def breaks(database: Database, vault: Vault = VAULT) -> list[tuple[int, str]]:
    """The places where the trail is broken."""
    return [(one.line, str(one.kind)) for one in checked(database, vault).breaks]


def tamper(database: Database, *statements: str) -> None:
    """Carry out statements under the guards."""
    with unguarded(database) as connection:
        for statement in statements:
            connection.execute(text(statement))


@contextmanager
def unguarded(database: Database) -> Iterator[Connection]:
    """A transaction in which the database's guards rest, as whoever owns the database can have it."""
    with database.engine.begin() as connection:
        if database.is_postgresql:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
            return
        of = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        guards = connection.execute(text(of)).all()
        for name, _ in guards:
            connection.execute(text(f"DROP TRIGGER {name}"))
        yield connection
        for _, written in guards:
            connection.exec_driver_sql(written)


def edit(database: Database, change: Callable[[Session], None]) -> None:
    """Change rows under the guards, through the tables' own columns."""
    with unguarded(database) as connection, Session(bind=connection) as session:
        change(session)
        session.flush()


def hash_again(session: Session, first: int) -> None:
    """Make the hashes of a line and of all that follow, as somebody without the key can; the head as well."""
    head = session.get(AuditHead, 1)
    assert head is not None
    previous = session.get(AuditEntry, first - 1)
    before = previous.hash if previous else head.anchor_hash
    for number in range(first, head.last_id + 1):
        entry = session.get(AuditEntry, number)
        if entry is not None:
            entry.previous_hash = before
            before = entry.hash = chain.hash_of(entry)
    head.last_hash = before
