"""A program of FYI with a token, and what it sees of the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Queue
from typing import Any
from uuid import UUID

import httpx

from tests.console.fake_runs import FakeRuns
from tests.pull.house import SLUG
from tests.push.desk import Desk
from xpm.access import tokens
from xpm.store.audit import entries
from xpm.store.tables import AuditEntry

HERE = f"/api/v1/practices/{SLUG}"


class Pushes(FakeRuns):
    """Prefect, of which a test waits until a push was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: Queue[str] = Queue()

    def start_push(self, practice: str) -> UUID:
        self._asked.put(practice)
        return super().start_push(practice)

    def next(self) -> str:
        """The practice whose push is asked for next."""
        return self._asked.get(timeout=60)

    def asked(self) -> int:
        """How many pushes were asked for that no test has looked at."""
        return self._asked.qsize()


@dataclass
class Programs:
    """The desk of a person in FYI, and a program with a token that calls the console."""

    desk: Desk
    http: httpx.Client
    pushes: Pushes

    @classmethod
    @contextmanager
    def at(cls, desk: Desk, port: int, pushes: Pushes) -> Iterator["Programs"]:
        """Call the console at this port, with a token that may edit."""
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
            programs = cls(desk, http, pushes)
            http.headers["Authorization"] = f"Bearer {programs.token()}"
            yield programs

    def token(self, name: str = "documents", practice: str = SLUG, *, may_edit: bool = True, days: int = 365) -> str:
        """Make a token."""
        made = tokens.make(
            self.desk.house.integration, practice, name, may_edit=may_edit, days=days, made_by="the operator"
        )
        return made.secret.get_secret_value()

    def get(self, path: str, **query: Any) -> Any:  # noqa: ANN401 - JSON
        """Read something that is there."""
        answer = self.http.get(f"{HERE}/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, method: str, path: str, **body: Any) -> httpx.Response:  # noqa: ANN401 - JSON
        """Send a request by the person of the desk."""
        return self.http.request(method, f"{HERE}/{path}", json={"by": self.desk.person, **body})

    def patch_job(self, number: str, **values: str) -> Any:  # noqa: ANN401 - JSON
        """Edit a job as it is now. Names of fields have underscores here."""
        seen = self.get(f"jobs/{number}")
        named = {name.replace("_", "-"): value for name, value in values.items()}
        answer = self.send("PATCH", f"jobs/{number}", version=seen["version"], values=named)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def trail(self) -> list[AuditEntry]:
        """The audit trail, the newest line first."""
        with self.desk.house.database.read() as session:
            return list(entries.recent(session, 1_000, practice=SLUG))


def field(record: Any, name: str) -> Any:  # noqa: ANN401 - JSON
    """A field of a record."""
    return next(one for one in record["fields"] if name in (one["name"], one["label"]))
