"""Calls the command as a shell does, and makes the installation that it finds."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from cli.main import main
from xpm.integration import Integration
from xpm.store import people, practices
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.store.tables import Practice

SLUG = "harbour-vale"
MERE = "mere.tane@harbourvale.example"


@dataclass(frozen=True)
class Outcome:
    """A command's exit code and output."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Shell:
    """Calls the command, in this process."""

    captured: pytest.CaptureFixture[str] = field(repr=False)

    def __call__(self, *arguments: str) -> Outcome:
        """Run `fyi-xpm` with these arguments."""
        self.captured.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        code = ended.value.code
        printed = self.captured.readouterr()
        return Outcome(code if isinstance(code, int) else int(code is not None), printed.out, printed.err)


class _Keyboard(io.StringIO):
    """What somebody types at a terminal."""

    def isatty(self) -> bool:
        return True


def types(monkeypatch: pytest.MonkeyPatch, answer: str, *, at_terminal: bool = False) -> None:
    """Answer the next question with this text, from a pipe or at a terminal. Empty: nobody is there."""
    monkeypatch.setattr("sys.stdin", _Keyboard(answer) if at_terminal else io.StringIO(answer))


@dataclass(frozen=True)
class Installed:
    """An installation: an empty database and a key."""

    database: Database
    key: str

    def environment(self) -> Mapping[str, str]:
        """The environment variables that configure it."""
        url = self.database.url.render_as_string(hide_password=False)
        return {"XPM_DATABASE_URL": url, "XPM_ENCRYPTION_KEYS": self.key}

    @contextmanager
    def integration(self) -> Iterator[Integration]:
        """The installation, opened for the test itself."""
        with Integration.opened() as integration:
            yield integration

    def add_practice(self, slug: str = SLUG, time_zone: str = "Australia/Sydney") -> Practice:
        """Add a practice with one administrator."""
        now = datetime.now(UTC)
        with self.database.write() as session:
            practice = practices.add(
                session,
                slug=slug,
                name="Harbour & Vale",
                country="AU",
                time_zone=time_zone,
                history_start=now.date(),
                now=now,
            )
            people.add(session, slug, MERE, "Mere Tāne", is_admin=True)
        return practice


def installed_at(database: Database) -> Installed:
    """An installation with a new key."""
    return Installed(database, Vault.new_key())
