"""The demo's folder, addresses and environment, and its practice."""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cli.demo.programs import free_port
from cli.environments import of_any_program
from xpm import prefect_access
from xpm.integration import Integration
from xpm.store import people, practices
from xpm.store.consent.vault import Vault

PRACTICE = "harbour-vale"
PRACTICE_NAME = "Harbour & Vale"
HISTORY = timedelta(days=7 * 365)

ADMIN = "mere.tane@harbourvale.example"
PEOPLE = (
    (ADMIN, "Mere Tāne", True),
    ("sam.brooks@harbourvale.example", "Sam Brooks", True),
    ("leo.fraser@harbourvale.example", "Leo Fraser", False),
)
"""The same people that the sandbox's Xero knows."""

CALLS_PER_MINUTE = 6000
"""A hundred times Xero's limit: at 60 a minute, reading 1,600 records' custom fields takes half an hour."""


@dataclass(frozen=True)
class Stage:
    """The folder and the addresses of one demo."""

    folder: Path
    prefect: str
    console: str
    sandbox: str

    @property
    def password_file(self) -> Path:
        """The file with the password of Prefect's UI and API."""
        return self.folder / prefect_access.FILE.name

    @property
    def password(self) -> str:
        """The password of the demo's own Prefect, made once."""
        return prefect_access.make(self.password_file)

    @classmethod
    def at(cls, folder: Path) -> "Stage":
        """A stage on the usual ports, or on free ports if those are taken."""
        ports = [free_port(preferred) for preferred in (4200, 4280, 4290)]
        return cls(folder, *(f"http://127.0.0.1:{port}" for port in ports))

    def environment(self) -> Mapping[str, str]:
        """The environment of the demo itself, of the console and of `fyi-xpm`; the worker takes its part of it."""
        return {**of_any_program(os.environ), **self._prefect(), **self._ours()}

    def environment_of_prefect(self) -> Mapping[str, str]:
        """The environment of the Prefect server: nothing of FYI or Xero."""
        return {**of_any_program(os.environ), **self._prefect(), prefect_access.SERVER: self.password}

    def leave_for_a_shell(self) -> Path:
        """Write what a shell needs to find `fyi-xpm` and use it on this demo to a file, for its owner only."""
        file = self.folder / "environment"
        file.touch(mode=0o600)
        needed = {**self._prefect(), **self._ours()}
        commands = Path(sys.executable).parent
        exports = [f"export {name}={shlex.quote(value)}\n" for name, value in needed.items()]
        file.write_text("".join([*exports, f'export PATH={shlex.quote(str(commands))}:"$PATH"\n']))
        return file

    def _prefect(self) -> Mapping[str, str]:
        return {
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PREFECT_API_URL": f"{self.prefect}/api",
            "PREFECT_SERVER_API_PORT": self.prefect.rpartition(":")[2],
            prefect_access.CLIENT: self.password,
            "PREFECT_RUNNER_POLL_FREQUENCY": "2",
            "PREFECT_LOGGING_EXTRA_LOGGERS": "xpm",
            "DO_NOT_TRACK": "1",
        }

    def _ours(self) -> Mapping[str, str]:
        return {
            "XPM_DATABASE_URL": f"sqlite:///{self.folder / 'xpm.db'}",
            "XPM_ENCRYPTION_KEYS": self._key(),
            "XPM_CONSOLE_URL": self.console,
            "XPM_OPERATORS": ADMIN,
            "XPM_PUSH": "true",
            "XERO_CLIENT_ID": "FYI-XPM-SANDBOX",
            "XERO_CLIENT_SECRET": "sandbox-secret",
            "XERO_AUTHORIZE_URL": f"{self.sandbox}/identity/connect/authorize",
            "XERO_TOKEN_URL": f"{self.sandbox}/connect/token",
            "XERO_REVOCATION_URL": f"{self.sandbox}/connect/revocation",
            "XERO_CONNECTIONS_URL": f"{self.sandbox}/connections",
            "XERO_XPM_URL": f"{self.sandbox}/practicemanager/3.1/",
            "XERO_ISSUER": self.sandbox,
            "XERO_JWKS_URL": f"{self.sandbox}/.well-known/openid-configuration/jwks",
            "XERO_TAX_URL": f"{self.sandbox}/tax/returns",
            "XERO_CALLS_PER_MINUTE": str(CALLS_PER_MINUTE),
        }

    def _key(self) -> str:
        """The demo's own key, made once and readable by its owner only."""
        file = self.folder / "encryption.key"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(Vault.new_key())
        return file.read_text()


def people_the_practice(integration: Integration) -> None:
    """Add the practice and its people to FYI."""
    now = integration.clock()
    with integration.database.write() as session:
        practices.add(
            session,
            slug=PRACTICE,
            name=PRACTICE_NAME,
            country="AU",
            time_zone="Australia/Sydney",
            history_start=(now - HISTORY).date(),
            now=now,
        )
        for email, name, is_admin in PEOPLE:
            people.add(session, PRACTICE, email, name, is_admin=is_admin)
