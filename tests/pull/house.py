"""A practice that is connected to a sandbox by a real consent, with what the tests need from both sides."""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import delete, select
from sqlmodel import Session

from sandbox.accounts.account import Account
from sandbox.browser import answer_consent
from sandbox.faults import Fault, fault_from
from sandbox.server import SandboxServer
from sandbox.world import HARBOUR_VALE, MERE
from tests.conftest import BESIDE
from tests.consent.installation import settings_for
from xpm.account.choice import choose, offers
from xpm.account.confirmation import confirm
from xpm.account.reset import reset
from xpm.consent.callback import receive, start_login
from xpm.consent.invitation import invite
from xpm.consent.preflight import Person
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.pull.outcome import PullResult
from xpm.pull.pull import run_pull
from xpm.pull.work import PullRequest
from xpm.settings import Settings
from xpm.store import people, practices
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.store.pull import quarantine, runs
from xpm.store.records.rows import Scope
from xpm.store.tables import CustomFieldComparison, Quarantine, StoreTable, SyncRun, TenantAllowance
from xpm.store.vocabulary import SyncMode, SyncTrigger
from xpm.undo.changes import DryRunResult
from xpm.undo.dry_run import dry_run_pull
from xpm.xero.clock import utc_now
from xpm.xero.http.client import open_client

SLUG = "harbour-vale"
SCOPE = Scope(SLUG, HARBOUR_VALE)
YEARS = 2
"""How old the practices of these tests are. Each year costs every sync of jobs a call; two give an earlier window."""
LONG_AGO = utc_now().date() - dt.timedelta(days=YEARS * 365 + 1)
KEY = Vault.new_key()  # for all houses of a test process
REMOVED = 20  # records that random edits may remove from a tiny practice; a person confirms that
PLENTY = 1_000_000  # calls a minute and a day, since these tests are not about the budget


class Clock:
    """Real time, which is moved forward instead of waiting."""

    def __init__(self) -> None:
        self.ahead = dt.timedelta()
        self.meanwhile: list[Callable[[], object]] = []
        """What others do whenever somebody waits."""

    def __call__(self) -> dt.datetime:
        return utc_now() + self.ahead

    def wait(self, seconds: float) -> None:
        """Move the time forward at once, and let the others do their part."""
        self.ahead += dt.timedelta(seconds=seconds)
        for deed in list(self.meanwhile):
            deed()


def request(entity: Entity, mode: SyncMode = SyncMode.FULL, **more: Any) -> PullRequest:  # noqa: ANN401 - the fields of a request
    """A request for the practice of these tests; by default a manual one."""
    return PullRequest(SLUG, entity, mode, **({"trigger": SyncTrigger.MANUAL} | more))


def generous_settings(url: str, key: str, database_url: str) -> Settings:
    """The configuration for a sandbox, with a tax feed and plenty of calls."""
    changes = {
        "xpm_database_url": database_url,
        "xpm_push": True,
        "xero_tax_url": f"{url}/tax/returns",
        "xero_calls_per_minute": PLENTY,
        "xero_calls_per_day": PLENTY,
    }
    return settings_for(url, key).model_copy(update=changes)


@dataclass
class House:
    """Both sides of a practice: `xpm` is its account in XPM, and `integration` leads to its records in FYI."""

    server: SandboxServer
    integration: Integration
    clock: Clock

    @property
    def database(self) -> Database:
        """FYI's database."""
        return self.integration.database

    @property
    def xpm(self) -> Account:
        """XPM's side, to edit."""
        return self.server.world.accounts[HARBOUR_VALE]

    def sync(self, entity: Entity, mode: SyncMode = SyncMode.FULL, **more: Any) -> PullResult:  # noqa: ANN401 - the fields of a request
        """Run a sync as the product does."""
        return run_pull(self.integration, request(entity, mode, **more))

    def preview(
        self,
        entity: Entity,
        mode: SyncMode = SyncMode.FULL,
        earlier: Sequence[DryRunResult] = (),
        **more: Any,  # noqa: ANN401 - the fields of a request
    ) -> DryRunResult:
        """Make a dry run as the product does."""
        return dry_run_pull(self.integration, request(entity, mode, **more), earlier)

    def sync_everything(self) -> dict[Entity, PullResult]:
        """A full sync of every entity."""
        return {entity: self.sync(entity) for entity in Entity}

    def with_settings(self, **changes: object) -> "House":
        """The same house with other settings, on a day without calls to Xero so far."""
        self.forget_limits()
        settings = self.integration.settings.model_copy(update=changes)
        return replace(self, integration=replace(self.integration, settings=settings, budgets={}))

    def order(self, kind: str, path: str = "", area: str = "xpm", **details: object) -> Fault:
        """Order a fault from the sandbox."""
        return self.server.world.faults.inject(fault_from({"area": area, "kind": kind, "path": path, **details}))

    def calm(self) -> None:
        """Clear all faults."""
        self.server.world.faults.clear()

    def truth(self, entity: str) -> list[dict[str, Any]]:
        """What XPM really has."""
        url = f"{self.server.url}/sandbox/tenants/{HARBOUR_VALE}/records/{entity}"
        records: list[dict[str, Any]] = self.integration.http.get(url).raise_for_status().json()
        return records

    def asked(self, path: str = "") -> list[str]:
        """The paths under `path` that XPM was asked for since calls were last forgotten."""
        journal = self.server.world.request_log
        while any(use["in_flight"] for use in journal.usage()["tenants"].values()):
            time.sleep(0.001)  # the sandbox logs a call once its answer is sent, which may be after the caller read it
        seen = ((call["area"], call["path"]) for call in journal.requests())
        return [called for area, called in seen if area == "xpm" and called.startswith(path)]

    def forget_calls(self) -> None:
        """Forget the calls so far."""
        self.server.world.request_log.clear()

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table of this practice, in the order of its primary key."""
        found = StoreTable.metadata.tables[table]
        with self.database.read() as session:
            ordered = select(found).order_by(*found.primary_key)
            return [dict(row._mapping) for row in session.connection().execute(ordered)]

    def metered(self) -> tuple[int, int]:
        """Calls and bytes so far, as metered for Xero's charges."""
        rows = self.rows("call_tally")
        return sum(row["calls"] for row in rows), sum(row["bytes"] for row in rows)

    def everything_stored(self) -> dict[str, list[str]]:
        """Every row of every table, except the counts of calls."""
        return {name: sorted(map(repr, self.rows(name))) for name in StoreTable.metadata.tables.keys() - BESIDE}

    def forget_limits(self) -> None:
        """Forget what Xero said about its limits, and the calls that were made."""
        with self.database.write() as session:
            session.connection().execute(delete(TenantAllowance))

    def forget_comparisons(self) -> None:
        """Let no custom field values have been compared."""
        with self.database.write() as session:
            session.connection().execute(delete(CustomFieldComparison))

    def active(self, table: str, key: str) -> set[str]:
        """The keys of the rows that are not archived."""
        return {row[key] for row in self.rows(table) if row["archived_at"] is None}

    def key_of(self, name: str) -> str:
        """The key under which FYI has the job with this number; a client's UUID is its key already."""
        rows = sorted(self.rows("job"), key=lambda row: row["archived_at"] is not None)  # a number may be used again
        return next((str(row["key"]) for row in rows if row["number"] == name), name)

    def name_of(self, key: str) -> str:
        """The number of the job with this key; a client goes by its UUID."""
        return next((str(row["number"]) for row in self.rows("job") if row["key"] == key), key)

    def aside(self) -> list[Quarantine]:
        """The unresolved entries of the quarantine."""
        with self.database.read() as session:
            return quarantine.unresolved(session, SCOPE)

    def run(self, run_id: str) -> SyncRun:
        """One run."""
        with self.database.read() as session:
            return runs.get(session, run_id)

    def runs(self) -> list[SyncRun]:
        """Every run, oldest first."""
        with self.database.read() as session:
            return sorted(_all_runs(session), key=lambda run: run.started_at)

    def change_settings(self, **switches: bool) -> None:
        """Change settings of the practice."""
        with self.database.write() as session:
            practices.change_settings(session, SLUG, switches, person=None, now=self.clock())


def _all_runs(session: Session) -> list[SyncRun]:
    return list(session.scalars(select(SyncRun)))


@contextmanager
def opened(server: SandboxServer, database: Database, *, history_start: dt.date = LONG_AGO) -> Iterator[House]:
    """Set up a practice and connect it by a real consent."""
    with at_home(server, database) as house:
        _move_in(house.integration, history_start)
        connect(house.integration)
        yield house


@contextmanager
def at_home(server: SandboxServer, database: Database) -> Iterator[House]:
    """Both sides as they are, connected or not."""
    url = database.url.render_as_string(hide_password=False)
    clock = Clock()
    with open_client() as http:
        integration = Integration(
            generous_settings(server.url, KEY, url), database, Vault([KEY]), http, clock=clock, sleep=clock.wait
        )
        yield House(server, integration, clock)


def _move_in(integration: Integration, history_start: dt.date) -> None:
    with integration.database.write() as session:
        practices.add(
            session,
            slug=SLUG,
            name="Harbour & Vale",
            country="AU",
            time_zone="Australia/Sydney",
            history_start=history_start,
            now=integration.clock(),
        )
        wanted = {"include_archived_clients": True}  # both sides are compared record by record
        practices.change_settings(session, SLUG, wanted, person=None, now=integration.clock())
        people.add(session, SLUG, MERE, "Mere Tāne", is_admin=True)


def connect(
    integration: Integration,
    tenant: str = HARBOUR_VALE,
    *,
    run: str = "the-reconnect",
    confirmed: bool = True,
    who: str = MERE,
) -> None:
    """Connect the practice to an account by a person's real consent, whichever account it had before."""
    with integration.database.read() as session:
        user = people.by_email(session, SLUG, who)
    assert user
    person = Person(id=user.id, name=user.name, email=user.email)
    invitation = invite(integration, SLUG, person, minutes=30, flow_run_id=run)
    way = start_login(integration, invitation.attempt_id)
    callback = answer_consent(way.url.get_secret_value(), who, tenants=[tenant])
    receive(integration, dict(parse_qsl(urlsplit(callback).query)), way.browser.get_secret_value())
    offer = offers(integration, invitation, another_account=True)[0]  # the one that was allowed just now
    choose(integration, invitation, offer, another_account=confirmed)
    if confirmed:
        confirm(integration, invitation, offer.tenant_name)
    reset(integration, invitation)
