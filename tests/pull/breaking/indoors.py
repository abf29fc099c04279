"""A connected practice that reaches Xero without sockets, and can be replaced by a new one at once."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from sqlalchemy import delete, event

from sandbox.accounts.account import Account
from sandbox.server import SandboxServer
from sandbox.world import HARBOUR_NAME, HARBOUR_VALE, World, small_world
from tests.pull.breaking.wire import Wire
from tests.pull.conftest import UNLIMITED
from tests.pull.house import Clock, House, opened
from xpm.integration import Integration
from xpm.store.engine.database import Database
from xpm.store.tables import StoreTable
from xpm.xero.auth import TokenKeeper, XeroAuth

YEARS = dt.timedelta(days=500)
"""How far the practice's history reaches back: two creation windows of jobs."""

CONNECTED = {
    "practice", "integration_settings", "fyi_user", "consent", "connection", "connection_transition",
    "authorisation_attempt", "alembic_version", "audit_entry", "audit_head",
}  # fmt: skip
"""The tables that a practice has rows in before its first sync. The database lets nobody empty the audit trail."""


class SharedClock(Clock):
    """One clock for FYI and XPM."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def wait(self, seconds: float) -> None:
        """Move the time forward at once, on both sides."""
        super().wait(seconds)
        self._world.clock.advance(seconds)


@dataclass(frozen=True)
class WiredIntegration(Integration):
    """An installation that reaches Xero through `wire`."""

    wire: Wire = field(kw_only=True)

    @contextmanager
    def signed_http(self, keeper: TokenKeeper) -> Iterator[httpx.Client]:
        """A client over the wire whose requests have the keeper's tokens."""
        with httpx.Client(auth=XeroAuth(keeper, self.clock), transport=self.wire, trust_env=False) as http:
            yield http


@dataclass
class Indoors(House):
    """A house without sockets."""

    @property
    def wire(self) -> Wire:
        """The transport to XPM."""
        assert isinstance(self.integration, WiredIntegration)
        return self.integration.wire

    def move_in(self, seed: int) -> None:
        """Replace the account by a new one from this seed, and forget everything that was synchronised."""
        world = self.server.world
        self.calm()
        people = list(world.people.values())
        practice = Account(
            world.clock, HARBOUR_VALE, HARBOUR_NAME, jobs=5, clients=4, staff=3, returns=3, seed=seed, people=people
        )
        world.accounts[HARBOUR_VALE] = practice
        began = (world.clock.today() - YEARS).toordinal()
        for older in practice.jobs.positions(lambda outline: outline.created < began):
            practice.jobs.remove(older)
        with self.database.write() as session:
            for table in reversed(StoreTable.metadata.sorted_tables):
                if table.name not in CONNECTED:
                    session.connection().execute(delete(table))

    def calm(self) -> None:
        """Clear all faults and begin a new day, with XPM's full allowance."""
        super().calm()
        self.wire.reset()
        self.integration.budgets.clear()
        self.forget_limits()


@contextmanager
def indoors(database: Database) -> Iterator[Indoors]:
    """Connect a practice by a real consent, then leave the sockets behind."""
    _hurry(database)
    world = small_world(jobs=1, clients=1, staff=1, returns=1, limits=UNLIMITED)
    with (
        SandboxServer(world) as server,
        opened(server, database, history_start=world.clock.today() - YEARS) as house,
    ):
        connected = house.integration
    wire = Wire(world)
    clock = SharedClock(world)
    with httpx.Client(transport=wire, trust_env=False) as http:
        # one call at a time, so that a seed always gives the same result
        settings = connected.settings.model_copy(update={"xero_max_concurrent": 1})
        yield Indoors(
            server,
            WiredIntegration(settings, database, connected.vault, http, clock=clock, sleep=clock.wait, wire=wire),
            clock,
        )


def _hurry(database: Database) -> None:
    """Do not wait for the disk, since these databases live only as long as the test."""
    if not database.is_postgresql:
        event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
        database.engine.dispose()  # connections that were made before
