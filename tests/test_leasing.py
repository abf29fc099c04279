"""Whoever holds a lease gives signs of life by itself, however long its work takes."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.consent.installation import settings_for
from xpm.installation import Installation
from xpm.leasing import holding
from xpm.store import leases
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.store.leases import Lease

PATIENCE = 30  # seconds


def signs(database: Database) -> int:
    with database.read() as session:
        held = leases.find(session, "x")
    return held.signs if held else 0


@pytest.mark.also_on_postgresql("leases")
def test_a_holder_gives_signs_of_life_until_its_work_ends(database: Database) -> None:
    key = Vault.new_key()
    installation = Installation(settings_for("http://127.0.0.1:1", key), database, Vault([key]))
    with database.write() as session:
        lease = leases.acquire(session, "x", "me", datetime.now(UTC))
    assert isinstance(lease, Lease)
    with holding(installation, lease, every=timedelta(milliseconds=5)):
        deadline = time.monotonic() + PATIENCE
        while signs(database) < 4 and time.monotonic() < deadline:
            time.sleep(0.005)
        assert signs(database) >= 4
    assert signs(database) == 0
