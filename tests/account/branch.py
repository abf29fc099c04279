"""Helpers for the move to Coastal Branch."""

from typing import Any

import httpx
from sqlalchemy import func, select

from sandbox.world import (
    COASTAL_BRANCH,
    HARBOUR_VALE,
)
from tests.consent.harbour import HARBOUR, Harbour
from xpm.consent.access import practice_access
from xpm.consent.invitation import Invitation, withdraw
from xpm.entities.names import Entity
from xpm.pull.pull import run_pull
from xpm.pull.work import PullRequest
from xpm.store.tables import StoreTable
from xpm.store.vocabulary import ConnectionState, SyncMode, SyncTrigger
from xpm.words import Message, Stopped
from xpm.xero import endpoints

COASTAL = "Harbour & Vale – Coastal Branch"  # noqa: RUF001
RECORDS = [
    name
    for name, table in StoreTable.metadata.tables.items()
    if {"practice", "tenant_id"} <= set(table.primary_key.columns.keys())
]


def sync(harbour: Harbour) -> None:
    for entity in (Entity.JOBS, Entity.CLIENTS, Entity.STAFF):
        run_pull(harbour.integration, PullRequest(HARBOUR, entity, SyncMode.FULL, trigger=SyncTrigger.MANUAL))


def chooses_coastal(harbour: Harbour, run: str = "run-1") -> Invitation:
    """Start a reconnect that moves to Coastal Branch, and stop where it asks for the name."""
    invitation = harbour.invite(run=run)
    harbour.consent(invitation, tenants=(COASTAL_BRANCH,))
    harbour.choose(invitation, another_account=True)
    return invitation


def truth(harbour: Harbour, tenant: str, entity: str) -> list[dict[str, Any]]:
    """Read what XPM really has now from the sandbox's control address."""
    answer = httpx.get(f"{harbour.server.url}/sandbox/tenants/{tenant}/records/{entity}")
    records: list[dict[str, Any]] = answer.raise_for_status().json()
    return records


def rows_of(harbour: Harbour, tenant: str) -> dict[str, int]:
    """Count an account's rows in each table of records."""
    tables = {name: StoreTable.metadata.tables[name] for name in RECORDS}
    with harbour.database.read() as session:
        return {
            name: session.connection().scalar(select(func.count()).where(table.c.tenant_id == tenant)) or 0
            for name, table in tables.items()
        }


def assert_nothing_was_written(harbour: Harbour, before: dict[str, Any], said: Message) -> None:
    """Withdraw the reconnect and check that all is as it was: rows, connection, and access to the old account."""
    withdraw(harbour.integration, harbour.slug, Stopped(said), flow_run_id="run-1")
    assert harbour.facts() == before
    assert set(rows_of(harbour, COASTAL_BRANCH).values()) == {0}
    assert (harbour.connection().state, harbour.connection().tenant_id) == (ConnectionState.CONNECTED, HARBOUR_VALE)
    harbour.world.grants.expire_access()  # the old consent's refresh token must work as well
    with practice_access(harbour.integration, harbour.slug) as access:
        assert len(list(access.api.list(endpoints.STAFF))) == len(truth(harbour, HARBOUR_VALE, "staff"))
