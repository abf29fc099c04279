"""What a process needs to work on the database alone: settings, database, vault and clock.

It loads in half the time of `xpm.integration`, which adds everything that speaks to Xero.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from xpm.settings import Settings
from xpm.store import people, practices
from xpm.store.consent.vault import Vault
from xpm.store.engine import postgresql
from xpm.store.engine.database import Database, Schema
from xpm.store.errors import UnknownPractice
from xpm.store.tables import Practice
from xpm.words import Stopped, message, stop
from xpm.xero.clock import Clock, utc_now


class NoSuchPractice(Stopped):
    """FYI has no practice of this name."""


class WrongSchema(Stopped):
    """The database was made by another version of the code, so nothing may be read from it or written to it."""


@dataclass(frozen=True)
class Installation:
    """One installation, without access to Xero."""

    settings: Settings = field(repr=False)  # its database URL may hold a password
    database: Database
    vault: Vault
    clock: Clock = field(default=utc_now, kw_only=True)

    @classmethod
    @contextmanager
    def opened(cls, settings: Settings | None = None) -> Iterator["Installation"]:
        """Open an installation, by default the one that the environment describes, and close it after use.

        Raises:
            NoKeys: XPM_ENCRYPTION_KEYS is not set.
            DatabaseUnavailable: XPM_DATABASE_URL does not lead to a database.
            WrongSchema: another version of the code made the database.
        """
        with cls.opened_to_migrate(settings) as opened:
            opened.require_schema()
            yield opened

    @classmethod
    @contextmanager
    def opened_to_migrate(cls, settings: Settings | None = None) -> Iterator["Installation"]:
        """Like `opened`, whatever the database's schema is."""
        settings = settings or Settings()
        vault = Vault([key.get_secret_value() for key in settings.xpm_encryption_keys])
        database = Database(settings.xpm_database_url)
        try:
            yield Installation(settings, database, vault)
        finally:
            database.close()

    def require_schema(self) -> None:
        """Raise WrongSchema unless the database has the schema of this version of the code."""
        match self.database.schema():
            case Schema.OLDER:
                raise WrongSchema(message("operator.not_migrated"))
            case Schema.NEWER:
                raise WrongSchema(message("operator.schema_newer"))

    def shared_time(self, session: Session) -> datetime:
        """The time for what several computers compare: by the PostgreSQL server's clock, or by ours on SQLite."""
        if self.database.is_postgresql and self.clock is utc_now:
            return postgresql.clock(session.connection())
        return self.clock()

    def today(self, practice: Practice) -> date:
        """Today's date in the practice's own time zone."""
        return self.clock().astimezone(ZoneInfo(practice.time_zone)).date()

    def practice(self, slug: str) -> Practice:
        """Return the practice with this slug. Raises Stopped if there is none."""
        with self.database.read() as session:
            try:
                return practices.get(session, slug)
            except UnknownPractice:
                known = ", ".join(practice.slug for practice in practices.all_of_them(session)) or "none yet"
        raise NoSuchPractice(message("preflight.unknown_practice", practice=slug, known=known))

    def require_known(self, practice: Practice, email: str) -> None:
        """Raise Stopped unless somebody in the practice has this address in FYI."""
        with self.database.read() as session:
            if people.by_email(session, practice.slug, email) is None:
                raise stop("preflight.user_unknown", email=email, practice=practice.name)

    def apps_page(self, slug: str) -> str:
        """Return the address of the page where an administrator reconnects the practice."""
        return f"{self.settings.xpm_console_url}/practices/{slug}"
