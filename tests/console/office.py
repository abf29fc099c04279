"""The console under test, the people who use it, and what happened in their practice."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from console.app import create_app
from tests.console.fake_runs import FakeRuns
from tests.console.in_process import InProcess
from xpm.access.login import make_link
from xpm.activity.log import record
from xpm.consent.invitation import Invitation, invite
from xpm.consent.preflight import Person
from xpm.integration import Integration
from xpm.settings import Settings
from xpm.store import activity, people, practices
from xpm.store.consent import connections, consents
from xpm.store.consent.consents import TokenPair, XeroLogin
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.store.pull import runs
from xpm.store.tables import FyiUser, PracticeActivity, SyncRun
from xpm.store.vocabulary import ConnectionState, RunStatus, SyncMode, SyncTrigger
from xpm.words import message
from xpm.xero.clock import Clock, utc_now

CONSOLE = "http://127.0.0.1:4280"
TENANT = "3f6e1c1a-8a52-4c1b-9d0e-6b1f0a7c2d41"
MERE, SAM, LEO = (f"{name}@harbourvale.example" for name in ("mere.tane", "sam.brooks", "leo.fraser"))
HARBOUR, COASTAL = "harbour-vale", "coastal"


@dataclass
class Office:
    """A console with two practices; `browser` is logged in as Mere, an administrator of the first."""

    integration: Integration
    runs: FakeRuns
    browser: httpx.Client
    slept: list[float] = field(default_factory=list)

    @contextmanager
    def another_browser(self, email: str | None = None) -> Iterator[httpx.Client]:
        """Open the browser of somebody else, on another computer; logged in if `email` is given."""
        with _browser(self.integration, self.runs, self.slept) as other:
            if email:
                log_in(self.integration, other, email)
            yield other

    def log_in(self, email: str) -> "Office":
        """Log the browser in as another person."""
        log_in(self.integration, self.browser, email)
        return self

    def get(self, path: str, **more: str) -> httpx.Response:
        """Open a page."""
        return self.browser.get(path, params=more or None)

    def post(self, path: str, form: Mapping[str, str | list[str]]) -> httpx.Response:
        """Send a form as a browser does from a page of the console."""
        return self.browser.post(path, data=form, headers={"Origin": CONSOLE})

    def person(self, email: str, practice: str = HARBOUR) -> FyiUser:
        with self.integration.database.read() as session:
            found = people.by_email(session, practice, email)
        assert found
        return found

    def invited(self, email: str = MERE, practice: str = HARBOUR) -> tuple[UUID, Invitation]:
        """Start a reconnect that waits for a person to log in to Xero."""
        run_id, user = self.runs.add(practice), self.person(email, practice)
        person = Person(id=user.id, name=user.name, email=user.email)
        invitation = invite(self.integration, practice, person, minutes=30, flow_run_id=str(run_id))
        self.runs.pause_for_consent(run_id)
        return run_id, invitation

    def connect(self, email: str = MERE) -> None:
        """Connect the practice, without any Xero."""
        now, user = self.integration.clock(), self.person(email)
        with self.integration.database.write() as session:
            consent = consents.save_pending(
                session,
                self.integration.vault,
                practice=HARBOUR,
                user_id=user.id,
                identity=XeroLogin(xero_userid="xu-1", email=email, given_name="Mere"),
                scopes=["openid", "offline_access", "practicemanager.read"],
                tokens=TokenPair("access-1", "refresh-1", now + dt.timedelta(minutes=30)),
                now=now,
            )
            for state in (ConnectionState.AUTHORISING, ConnectionState.CHOOSING_PRACTICE, ConnectionState.CONNECTED):
                connections.move(session, HARBOUR, state, now=now)
            connections.attach(
                session,
                HARBOUR,
                tenant_id=TENANT,
                tenant_name="Harbour & Vale",
                xero_connection_id=None,
                consent_id=consent.id,
                connected_by=user.id,
                now=now,
            )

    def bring_into(self, state: ConnectionState) -> None:
        """Bring the connection into a state through the allowed transitions."""
        if state in {ConnectionState.NEEDS_RECONNECT, ConnectionState.DISCONNECTED, ConnectionState.PRIVILEGE_LOST}:
            self.connect()
            with self.integration.database.write() as session:
                connections.move(session, HARBOUR, state, now=self.integration.clock())
        elif state is ConnectionState.CONNECTED:
            self.connect()
        elif state is not ConnectionState.NOT_CONNECTED:
            run_id, _ = self.invited()
            if state is ConnectionState.CHOOSING_PRACTICE:
                with self.integration.database.write() as session:
                    connections.move(session, HARBOUR, state, flow_run_id=str(run_id), now=self.integration.clock())

    def synced(
        self,
        entity: str,
        flow_run_id: UUID | None = None,
        status: RunStatus = RunStatus.SUCCESS,
        trigger: SyncTrigger = SyncTrigger.MANUAL,
        mode: SyncMode = SyncMode.FULL,
        *,
        reason_key: str | None = None,
        resumes_at: dt.datetime | None = None,
        **counts: int,
    ) -> SyncRun:
        """Add a sync that ended, by default with success."""
        now = self.integration.clock()
        with self.integration.database.write() as session:
            run = runs.start(
                session,
                practice=HARBOUR,
                tenant_id=TENANT,
                entity=entity,
                mode=mode,
                trigger=trigger,
                flow_run_id=str(flow_run_id) if flow_run_id else None,
                now=now,
            )
            for name, count in counts.items():
                setattr(run, name, count)
            return runs.finish(session, run.id, status, reason_key=reason_key, resumes_at=resumes_at, now=now)

    def happened(self, key: str, *, by: str | None = None, run: UUID | None = None, **facts: object) -> None:
        """Add an entry to Practice Activity."""
        said = message(key, **facts)
        with self.integration.database.write() as session:
            record(
                session,
                HARBOUR,
                said,
                now=self.integration.clock(),
                person=by,
                flow_run_id=str(run) if run else None,
            )

    def entries(self) -> list[PracticeActivity]:
        """Read Practice Activity, newest first."""
        with self.integration.database.read() as session:
            return activity.recent(session, HARBOUR)


@contextmanager
def office_over(
    database: Database, settings: Settings, clock: Clock = utc_now, http: httpx.Client | None = None
) -> Iterator[Office]:
    """Open a console over a database, with a practice and its people; it calls Xero through `http`."""
    vault = Vault([key.get_secret_value() for key in settings.xpm_encryption_keys])
    with nullcontext(http) if http else httpx.Client() as way:
        integration = Integration(settings, database, vault, way, clock=clock)
        _move_in(integration)
        fake, slept = FakeRuns(), list[float]()
        with _browser(integration, fake, slept) as browser:
            yield Office(integration, fake, browser, slept).log_in(MERE)


def log_in(integration: Integration, browser: httpx.Client, email: str) -> None:
    """Log a browser in by a link, as `fyi-xpm login-link` makes it."""
    link = make_link(integration, email).get_secret_value()
    answer = browser.post(link, headers={"Origin": integration.settings.xpm_console_url})
    assert answer.status_code == 303, answer.text


def text_of(page: httpx.Response) -> str:
    """Return the text that a person reads on a page."""
    body = re.sub(r"<head>.*?</head>|<[^>]*>", " ", page.text, flags=re.DOTALL)
    return " ".join(body.split())


def press(browser: httpx.Client, link: str) -> httpx.Response:
    """Open a page and press its button, which sends its form to the same address, such as a login link.

    Under "no-referrer" a browser does not say where a form comes from (Fetch, "append a request Origin header").
    """
    policy = browser.get(link).headers["referrer-policy"]
    return browser.post(link, headers={"Origin": "null" if policy == "no-referrer" else CONSOLE})


def leads_to(answer: httpx.Response) -> str:
    """Return the address that a page leads on to."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]*)"', answer.text)
    assert found, answer.text
    return unescape(found[1])


def path_of(response: httpx.Response) -> str:
    """Return the path to which an answer redirects, below the console."""
    return urlsplit(response.headers["location"]).path


def _browser(integration: Integration, fake: FakeRuns, slept: list[float]) -> httpx.Client:
    app = create_app(integration, fake, slept.append)
    return httpx.Client(transport=InProcess(app), base_url=CONSOLE)


def _move_in(integration: Integration) -> None:
    with integration.database.write() as session:
        for slug, name in ((HARBOUR, "Harbour & Vale"), (COASTAL, "Coastal Branch")):
            practices.add(
                session,
                slug=slug,
                name=name,
                country="AU",
                time_zone="Australia/Sydney",
                history_start=dt.date(2024, 1, 1),
                now=integration.clock(),
            )
        people.add(session, COASTAL, SAM, "Sam Brooks", is_admin=True)
        people.add(session, HARBOUR, MERE, "Mere Tāne", is_admin=True)
        people.add(session, HARBOUR, SAM, "Sam Brooks", is_admin=True)
        people.add(session, HARBOUR, LEO, "Leo Fraser")
