"""`fyi-xpm lease` shows who holds what, and takes it away only after asking."""

import json
from datetime import UTC, datetime

import pytest

from tests.cli.shell import Installed, Shell, types
from xpm.store import leases
from xpm.store.leases import Lease

NAME = "sync/harbour-vale/jobs"


@pytest.fixture
def held(installed: Installed) -> Lease:
    """A lease that somebody alive holds."""
    with installed.database.write() as session:
        lease = leases.acquire(session, NAME, "a flow run", datetime.now(UTC))
    assert isinstance(lease, Lease)
    return lease


def listed(fyi_xpm: Shell) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(fyi_xpm("lease", "list", "--json").out)
    return found


def test_leases_are_listed_with_their_holders_and_signs_of_life(fyi_xpm: Shell, held: Lease) -> None:
    (shown,) = listed(fyi_xpm)
    assert (shown["name"], shown["holder"], shown["alive"]) == (NAME, held.holder, True)
    assert "alive" in fyi_xpm("lease", "list").out


def test_a_lease_is_broken_only_with_a_confirmation(
    fyi_xpm: Shell, held: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, "n\n")
    assert "was left alone" in fyi_xpm("lease", "break", NAME).out
    types(monkeypatch, "")
    assert fyi_xpm("lease", "break", NAME).code == 2
    assert [shown["name"] for shown in listed(fyi_xpm)] == [NAME]
    said = fyi_xpm("lease", "break", NAME, "--yes")
    assert (said.code, said.out.strip()) == (0, f"The lease {NAME} is free.")
    assert listed(fyi_xpm) == []
    assert fyi_xpm("lease", "list").out.strip() == "Nobody holds a lease now."


def test_a_lease_that_nobody_holds_cannot_be_broken(fyi_xpm: Shell, held: Lease) -> None:
    said = fyi_xpm("lease", "break", "sync/nobody/jobs", "--yes")
    assert said.code == 2
    assert "fyi-xpm lease list" in said.err
