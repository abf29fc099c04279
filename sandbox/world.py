"""A world is everything the sandbox serves: apps, people, XPM accounts, consents, faults and limits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from threading import RLock
from typing import Any

from sandbox.accounts.account import Account
from sandbox.clock import Clock
from sandbox.faults import FaultRegistry
from sandbox.generator.jobs import YEARS
from sandbox.generator.seeded import uuid_of
from sandbox.identity.connections import Connections
from sandbox.identity.grants import Grants
from sandbox.journal import WriteJournal
from sandbox.people import App, Organisation, Seat, XeroUser
from sandbox.request_log import RequestLog
from sandbox.xpm.limits import RateLimiter, RateLimits

HARBOUR_VALE = "3f6e1c1a-8a52-4c1b-9d0e-6b1f0a7c2d41"
"""Tenant id of "Harbour & Vale"."""
COASTAL_BRANCH = "b84d2f70-51c9-4e0f-8a37-d9c3e2a41f06"
"""Tenant id of its Coastal Branch."""
HARBOUR_NAME = "Harbour & Vale"
COASTAL_NAME = "Harbour & Vale \N{EN DASH} Coastal Branch"
HOLDINGS = "0d9a7b52-6f34-4c88-b1e5-27c4f8a0e913"
"""Tenant id of the ledger organisation that Sam Brooks may also connect; it is no XPM account."""
CLIENT_ID = "FYI-XPM-SANDBOX"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - the home page shows it
REDIRECT_URI = "http://127.0.0.1:4280/oauth/callback"
PASSWORD = "practice"  # noqa: S105 - the home page shows it
MERE, SAM, LEO = (f"{name}@harbourvale.example" for name in ("mere.tane", "sam.brooks", "leo.fraser"))


class World:
    """The whole state of the sandbox, in memory. It may be changed while the server runs: each request reads it."""

    def __init__(
        self,
        apps: Sequence[App],
        people: Sequence[XeroUser],
        accounts: Sequence[Account],
        clock: Clock,
        limits: RateLimits | None = None,
    ) -> None:
        self.clock = clock
        self.lock = RLock()
        self.apps = {app.client_id: app for app in apps}
        self.people = {person.email: person for person in people}
        self.accounts = {account.tenant_id: account for account in accounts}
        self.grants = Grants(clock)
        self.connections = Connections(clock)
        self.faults = FaultRegistry()
        self.rate_limiter = RateLimiter(clock, limits or RateLimits())
        self.request_log = RequestLog(clock)
        self.journal = WriteJournal()

    def tenant_name(self, tenant_id: str) -> str | None:
        """Return the name of an account or organisation, None for an unknown tenant."""
        if tenant_id in self.accounts:
            return self.accounts[tenant_id].name
        organisations = (person.organisation for person in self.people.values())
        return next((found.name for found in organisations if found and found.tenant_id == tenant_id), None)

    def accounts_for(self, person: XeroUser) -> list[Account]:
        """Return the accounts this person may connect."""
        return [account for account in self.accounts.values() if person.may_connect(account.tenant_id)]


def the_app(redirect_uris: Sequence[str] = ()) -> App:
    """Build the app of every built-in world: it has a secret and all scopes."""
    return App(CLIENT_ID, "FYI for Xero Practice Manager", CLIENT_SECRET, [REDIRECT_URI, *redirect_uris])


def the_people() -> list[XeroUser]:
    """Build two administrators of both accounts, and one member of staff without the privilege to connect."""
    both = (HARBOUR_VALE, COASTAL_BRANCH)
    holdings = Organisation(HOLDINGS, "Harbour & Vale Holdings (ledger)")
    return [
        XeroUser("Mere Tāne", MERE, uuid_of("person", MERE), PASSWORD, {t: Seat(privilege=True) for t in both}),
        XeroUser(
            "Sam Brooks", SAM, uuid_of("person", SAM), PASSWORD, {t: Seat(privilege=True) for t in both}, holdings
        ),
        XeroUser("Leo Fraser", LEO, uuid_of("person", LEO), PASSWORD, {t: Seat() for t in both}),
    ]


def demo_world(
    *,
    seed: int = 7,
    jobs: int = 1_200,
    clients: int = 450,
    clock: Clock | None = None,
    limits: RateLimits | None = None,
    redirect_uris: Sequence[str] = (),
) -> World:
    """Build the world of the demo: an account with six years of jobs, and its smaller branch.

    `jobs` and `clients` are the sizes of the first account.
    """
    clock, people = clock or Clock(), the_people()
    accounts = [
        Account(
            clock, HARBOUR_VALE, HARBOUR_NAME,
            jobs=jobs, clients=clients, staff=24, returns=260, seed=seed, people=people,
        ),
        Account(
            clock, COASTAL_BRANCH, COASTAL_NAME,
            jobs=300, clients=120, staff=8, returns=60, seed=seed, people=people,
        ),
    ]  # fmt: skip
    return World([the_app(redirect_uris)], people, accounts, clock, limits)


def small_world(
    *,
    seed: int = 7,
    jobs: int = 12,
    clients: int = 8,
    staff: int = 4,
    returns: int = 5,
    years: int = YEARS,
    country: str = "AU",
    clock: Clock | None = None,
    limits: RateLimits | None = None,
    redirect_uris: Sequence[str] = (),
) -> World:
    """Build the demo's people, app and tenants with few records, for fast tests. Each account has the same sizes."""
    clock, people = clock or Clock(), the_people()
    accounts = [
        Account(
            clock, tenant_id, name,
            country=country, jobs=jobs, clients=clients, staff=staff, returns=returns, years=years,
            seed=seed, people=people,
        )
        for tenant_id, name in ((HARBOUR_VALE, HARBOUR_NAME), (COASTAL_BRANCH, COASTAL_NAME))
    ]  # fmt: skip
    return World([the_app(redirect_uris)], people, accounts, clock, limits)


def world_from_file(
    path: Path, *, seed: int = 7, limits: RateLimits | None = None, redirect_uris: Sequence[str] = ()
) -> World:
    """Build the world that a JSON file describes.

    Its keys `apps`, `people` and `practices` are lists of the constructor arguments of `App`, `XeroUser` and `Account`.
    A person's `seats` are `{tenant id: {"privilege": …, "on_staff": …}}`. Without `apps` or `people`, the built-in
    ones are used.

    Raises:
        ValueError: the file is not JSON of that shape.
    """
    try:
        return _world_of(json.loads(path.read_text("utf-8")), seed, limits, redirect_uris)
    except (KeyError, TypeError) as problem:
        raise ValueError(f"{path} does not describe a world: {problem}") from problem


def _world_of(description: dict[str, Any], seed: int, limits: RateLimits | None, redirect_uris: Sequence[str]) -> World:
    clock = Clock()
    apps = [_app(row) for row in description.get("apps", [])] or [the_app()]
    for app in apps:
        app.redirect_uris.extend(redirect_uris)
    people = [_person(row) for row in description.get("people", [])] or the_people()
    accounts = [Account(clock, people=people, **({"seed": seed} | row)) for row in description["practices"]]
    return World(apps, people, accounts, clock, limits)


def _app(row: dict[str, Any]) -> App:
    scopes = {"scopes": set(row["scopes"])} if "scopes" in row else {}
    return App(**(row | scopes))


def _person(row: dict[str, Any]) -> XeroUser:
    seats = {tenant: Seat(**seat) for tenant, seat in row.get("seats", {}).items()}
    organisation = Organisation(**row["organisation"]) if row.get("organisation") else None
    known = {"xero_userid": uuid_of("person", row["email"])}
    return XeroUser(**(known | row | {"seats": seats, "organisation": organisation}))
