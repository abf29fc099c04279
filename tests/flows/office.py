"""A practice whose runbooks run, and the administrator who answers them."""

import contextvars
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from httpx import HTTPStatusError
from prefect.client.orchestration import get_client
from sqlalchemy import delete
from sqlmodel import select

from sandbox.browser import ConsentStopped, answer_consent
from sandbox.server import SandboxServer
from sandbox.world import CLIENT_ID, CLIENT_SECRET, COASTAL_BRANCH, HARBOUR_NAME, HARBOUR_VALE, LEO, MERE, SAM
from tests.conftest import BESIDE
from tests.pull.house import YEARS
from xpm.consent.callback import receive, start_login
from xpm.consent.invitation import invite
from xpm.consent.preflight import check_person
from xpm.integration import Integration
from xpm.store import activity, people, practices
from xpm.store.consent import connections
from xpm.store.consent.transitions import UNDER_WAY
from xpm.store.engine.database import Database
from xpm.store.tables import AuthorisationAttempt, PracticeActivity, StoreTable, TenantAllowance
from xpm.store.vocabulary import AttemptOutcome

SLUG = "harbour-vale"
MADE_BY = "5a0c54a5-4f7a-4d52-9a2f-0d5f6f2d8c11"  # the flow run that connected an office, if the test did not
BOTH = (HARBOUR_VALE, COASTAL_BRANCH)
PATIENCE = 60.0  # seconds for a run to reach the next step
Found = TypeVar("Found")
Answer = Callable[["Office", AuthorisationAttempt], None]


@dataclass(frozen=True)
class Office:
    """A practice's FYI and its Xero."""

    sandbox: SandboxServer
    database: Database
    key: str

    def furnish(self) -> None:
        """Add a practice and its people. Of the two FYI Admins, Leo may not connect apps in Xero."""
        with self.database.write() as session:
            now = datetime.now(UTC)
            start = now.date() - timedelta(days=YEARS * 365 + 1)
            practices.add(
                session,
                slug=SLUG,
                name="Harbour & Vale",
                country="AU",
                time_zone="Australia/Sydney",
                history_start=start,
                now=now,
            )
            wanted = {"include_archived_clients": True}  # both sides are compared record by record
            practices.change_settings(session, SLUG, wanted, person=None, now=now)
            for email, name, is_admin in ((MERE, "Mere Tāne", True), (SAM, "Sam Brooks", False), (LEO, "Leo", True)):
                people.add(session, SLUG, email, name, is_admin=is_admin)

    def environment(self) -> Mapping[str, str]:
        """Return the environment of this installation's programs."""
        xero = self.sandbox.url
        return {
            "XPM_DATABASE_URL": self.database.url.render_as_string(hide_password=False),
            "XPM_ENCRYPTION_KEYS": self.key,
            "XPM_CONSOLE_URL": "http://127.0.0.1:4280",
            "XPM_PUSH": "true",
            "XERO_CLIENT_ID": CLIENT_ID,
            "XERO_CLIENT_SECRET": CLIENT_SECRET,
            "XERO_AUTHORIZE_URL": f"{xero}/identity/connect/authorize",
            "XERO_TOKEN_URL": f"{xero}/connect/token",
            "XERO_REVOCATION_URL": f"{xero}/connect/revocation",
            "XERO_CONNECTIONS_URL": f"{xero}/connections",
            "XERO_XPM_URL": f"{xero}/practicemanager/3.1/",
            "XERO_ISSUER": xero,
            "XERO_JWKS_URL": f"{xero}/.well-known/openid-configuration/jwks",
            "XERO_TAX_URL": f"{xero}/tax/returns",
            "XERO_CALLS_PER_MINUTE": "100000",
            "XERO_CALLS_PER_DAY": "1000000",
        }

    def activity(self) -> list[PracticeActivity]:
        """Read Practice Activity, oldest first."""
        with self.database.read() as session:
            return activity.recent(session, SLUG)[::-1]

    def counted(self, table: str) -> int:
        """Count a table's rows."""
        with self.database.engine.connect() as connection:
            return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608

    def invite(self, email: str, flow_run_id: str) -> None:
        """Ask a person for consent, as a run does."""
        with Integration.opened() as integration:
            person = check_person(integration, SLUG, email, stays=True)
            invite(integration, SLUG, person, minutes=30, flow_run_id=flow_run_id)

    def is_reconnecting(self) -> bool:
        """Whether a reconnect is under way."""
        with self.database.read() as session:
            return connections.get(session, SLUG).state in UNDER_WAY

    def everything_stored(self) -> dict[str, list[str]]:
        """Read every row of every table, except the counts of calls."""
        with self.database.read() as session:
            return {
                name: sorted(repr(tuple(row)) for row in session.connection().execute(table.select()))
                for name, table in StoreTable.metadata.tables.items()
                if name not in BESIDE
            }

    def a_day_later(self) -> None:
        """Let Xero allow calls again, and forget that it did not."""
        with self.database.write() as session:
            session.connection().execute(delete(TenantAllowance))

    def waiting_attempt(self) -> AuthorisationAttempt | None:
        """Return the attempt that waits for an answer."""
        with self.database.read() as session:
            waiting = select(AuthorisationAttempt).where(AuthorisationAttempt.outcome == AttemptOutcome.WAITING)
            return session.exec(waiting).first()


@contextmanager
def administrator(office: Office, answer: Answer) -> Iterator[None]:
    """Answer the run that the block starts, from another thread."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            attempt = eventually(office.waiting_attempt)
            until_paused(attempt.flow_run_id)
            answer(office, attempt)
        except BaseException as error:  # noqa: BLE001 - handed to the test below
            failures.append(error)

    context = contextvars.copy_context()  # Prefect keeps its settings in it
    person = threading.Thread(target=context.run, args=(work,))
    person.start()
    yield
    person.join(PATIENCE)
    if failures:
        raise failures[0]


def consents(
    email: str = MERE,
    *,
    decision: Literal["allow", "cancel"] = "allow",
    tenants: Sequence[str] = (HARBOUR_VALE,),
    types: str | None = HARBOUR_NAME,
) -> Answer:
    """Log in to Xero as this person and allow access (or cancel); type the account's name if the run asks for it."""

    def answer(office: Office, attempt: AuthorisationAttempt) -> None:
        with Integration.opened() as integration:
            out = start_login(integration, attempt.id)
            url = answer_consent(out.url.get_secret_value(), email, tenants=tenants, decision=decision)
            came_back = dict(parse_qsl(urlsplit(url).query))
            receive(integration, came_back, out.browser.get_secret_value())
        resume(attempt.flow_run_id, {})
        if types is not None:
            confirms(office, attempt, types)

    return answer


def consents_and_chooses(name: str) -> Answer:
    """Allow access to both accounts, choose the one whose label begins like this, and confirm it."""
    allow = consents(tenants=BOTH, types=None)

    def answer(office: Office, attempt: AuthorisationAttempt) -> None:
        allow(office, attempt)
        offered = eventually(lambda: asked(attempt.flow_run_id).get("account"))
        label = next(one for one in offered["enum"] if one.startswith(name))
        resume(attempt.flow_run_id, {"account": label})
        confirms(office, attempt, name)

    return answer


def confirms(office: Office, attempt: AuthorisationAttempt, name: str) -> None:
    """Type this name as often as the run asks for it."""
    while True:
        eventually(lambda: "account_name" in asked(attempt.flow_run_id) or not office.is_reconnecting())
        if not office.is_reconnecting():
            return
        resume(attempt.flow_run_id, {"account_name": name})


def stays_away(office: Office, attempt: AuthorisationAttempt) -> None:
    """Never answer."""


def is_shown_no_account(office: Office, attempt: AuthorisationAttempt) -> None:
    """Log in as somebody who may not connect apps: Xero shows a page that says so, and sends FYI no answer."""
    with Integration.opened() as integration:
        try:
            answer_consent(start_login(integration, attempt.id).url.get_secret_value(), LEO)
        except ConsentStopped:
            return
    raise AssertionError("Xero let the person through.")


def until_paused(flow_run_id: str | None) -> None:
    """Wait until a run is paused."""
    with get_client(sync_client=True) as client:
        eventually(lambda: (state := client.read_flow_run(UUID(flow_run_id)).state) and state.is_paused())


def resume(flow_run_id: str | None, answer: Mapping[str, object]) -> None:
    """Resume a paused run."""
    with get_client(sync_client=True) as client:
        client.resume_flow_run(UUID(flow_run_id), run_input=dict(answer))


def asked(flow_run_id: str | None) -> dict[str, Any]:
    """Return the fields of the paused run's form."""
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(UUID(flow_run_id)).state
        keys = state.state_details.run_input_keyset if state and state.is_paused() else None
        if not keys:
            return {}
        try:
            schema = json.loads(client.read_flow_run_input(UUID(flow_run_id), key=keys["schema"]))
        except HTTPStatusError:  # the form is stored just after the pause
            return {}
        return dict(schema["properties"])


def eventually(look: Callable[[], Found | None], patience: float = PATIENCE) -> Found:
    """Call `look` until it finds something, and return that. To look is work as well, also for who is waited for."""
    deadline, pause = time.monotonic() + patience, 0.05
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(pause)
        pause = min(pause * 1.3, 0.4)
    raise AssertionError("It did not happen in time.")
