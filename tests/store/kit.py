"""Invented practices, consents and records for the tests of the store."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import event
from sqlmodel import Session

from xpm.store import people, practices
from xpm.store.consent import consents
from xpm.store.consent.consents import TokenPair, XeroLogin
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.store.records import kinds
from xpm.store.records.rows import RecordRow, Scope
from xpm.store.tables import Consent, FyiUser, Practice

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)
EXPIRY = NOW + dt.timedelta(minutes=30)
KEY = Vault.new_key()
VAULT = Vault([KEY])
ACME = Scope("acme", "11111111-1111-4111-8111-111111111111")


def practice(session: Session, slug: str = "acme", country: str = "AU") -> Practice:
    """Add an invented practice."""
    return practices.add(
        session,
        slug=slug,
        name=f"{slug.title()} Accountants",
        country=country,
        time_zone="Australia/Sydney",
        history_start=dt.date(2024, 1, 1),
        now=NOW,
    )


def person(session: Session, slug: str = "acme", email: str = "ana@acme.example") -> FyiUser:
    """Add an invented administrator."""
    return people.add(session, slug, email, "Ana Admin", is_admin=True)


def pair(number: int) -> TokenPair:
    """Make an invented pair of tokens."""
    return TokenPair(f"access-{number}", f"refresh-{number}", EXPIRY + number * dt.timedelta(minutes=30))


def consent(session: Session, slug: str = "acme", vault: Vault = VAULT) -> Consent:
    """Add a practice with a person and that person's consent."""
    practice(session, slug)
    return another(session, person(session, slug).id, slug, vault)


def another(session: Session, user_id: str, slug: str = "acme", vault: Vault = VAULT) -> Consent:
    """Add another consent of a person."""
    return consents.save_pending(
        session,
        vault,
        practice=slug,
        user_id=user_id,
        identity=XeroLogin(xero_userid="xu-1", email="ana@acme.example", given_name="Ana"),
        scopes=["practicemanager.client.read", "offline_access"],
        tokens=pair(0),
        now=NOW,
    )


def job(number: str, version: int = 0, **columns: object) -> RecordRow:
    """Build a version of an invented job."""
    values = dict.fromkeys(kinds.JOBS.columns)
    values |= {
        "number": number,
        "assigned": [],
        "tasks": [],
        "milestones": [],
        "notes": [],
        "name": f"{number} version {version}",
    }
    return RecordRow(number, f"{version}".encode(), {**values, **columns})


def client(uuid: str, version: int = 0, contacts: Sequence[str] = (), groups: Sequence[str] = ()) -> RecordRow:
    """Build a version of an invented client with contacts and groups."""
    values = dict.fromkeys(kinds.CLIENTS.columns)
    person = {**dict.fromkeys(kinds.CLIENTS.shared["contact"].columns), "is_deleted": False}
    return RecordRow(
        uuid,
        f"{version}".encode(),
        {**values, "is_archived": False, "is_deleted": False, "notes": [], "name": f"{uuid} version {version}"},
        owned={
            "client_contact": [{"contact_uuid": one, "is_primary": False, "position": None} for one in contacts],
            "client_group_member": [{"group_uuid": one, "group_name": one.title()} for one in groups],
        },
        shared={"contact": [{**person, "uuid": one, "name": f"{one} {version}"} for one in contacts]},
    )


class Writes:
    """Collects the statements that write, while the block runs."""

    def __init__(self, database: Database) -> None:
        """Listen to one database."""
        self.engine = database.engine
        self.statements: list[str] = []

    def __enter__(self) -> "Writes":
        """Start collecting."""
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop collecting."""
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.split(maxsplit=1)[0] in {"INSERT", "UPDATE", "DELETE"}:
            self.statements.append(statement)
