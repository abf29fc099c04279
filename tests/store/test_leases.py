"""Leases: one holder at a time, whatever the clocks say, and a holder whose lease was lost finds out."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from tests.processes import FORKED
from tests.store.kit import NOW
from tests.store.workers import run, take_lease
from xpm.store import leases
from xpm.store.engine.database import Database
from xpm.store.leases import Held, Lease

pytestmark = pytest.mark.also_on_postgresql("the store itself")

YEARS = timedelta(days=3 * 365)


def taken(session: Session, name: str = "x", holder: str = "me") -> Lease:
    """Take a lease that is free."""
    lease = leases.acquire(session, name, holder, NOW)
    assert isinstance(lease, Lease)
    return lease


def holder_of(session: Session, name: str = "x") -> Held:
    held = leases.find(session, name)
    assert held
    return held


def test_only_one_of_several_processes_gets_the_lease(database: Database) -> None:
    url, holders = database.url.render_as_string(hide_password=False), ["a", "b", "c"]
    barrier, answers = FORKED.Barrier(len(holders)), FORKED.SimpleQueue()
    run([FORKED.Process(target=take_lease, args=(url, holder, barrier, answers)) for holder in holders])
    got = [answers.get() for _ in holders]
    assert sorted(got) == [0, 0, 1]


def test_the_holder_may_acquire_again_with_a_new_generation(database: Database) -> None:
    with database.write() as session:
        first, second = taken(session), taken(session)
        assert second.generation == first.generation + 1
        assert not leases.is_held(session, first)
        assert leases.is_held(session, second)


@pytest.mark.parametrize("now", [NOW - YEARS, NOW, NOW + YEARS])
def test_no_clock_takes_a_lease_away(database: Database, now: datetime) -> None:
    with database.write() as session:
        mine = taken(session)
        found = leases.acquire(session, "x", "you", now)
        assert isinstance(found, Held)
        assert found.holder == "me"
        assert leases.is_held(session, mine)


def test_a_lease_is_taken_from_a_holder_without_a_sign_of_life_since_it_was_seen(database: Database) -> None:
    with database.write() as session:
        mine = taken(session)
        seen = holder_of(session)
        yours = leases.acquire(session, "x", "you", NOW, instead_of=seen)
        assert isinstance(yours, Lease)
        assert yours.generation > mine.generation
        assert not leases.is_held(session, mine)
        assert not leases.renew(session, mine, NOW)
        assert not leases.release(session, mine)
        assert leases.is_held(session, yours)


def test_a_lease_is_not_taken_from_a_holder_who_gave_a_sign_of_life_since(database: Database) -> None:
    with database.write() as session:
        mine = taken(session)
        seen = holder_of(session)
        assert leases.renew(session, mine, NOW)  # at the very time of the first sign
        assert isinstance(leases.acquire(session, "x", "you", NOW, instead_of=seen), Held)
        assert leases.is_held(session, mine)


def test_a_new_holder_of_the_same_name_is_not_mistaken_for_the_dead_one(database: Database) -> None:
    with database.write() as session:
        taken(session)
        seen = holder_of(session)
        taken(session)
        assert isinstance(leases.acquire(session, "x", "you", NOW, instead_of=seen), Held)


def test_a_released_lease_is_free_at_once_and_its_next_generation_is_higher(database: Database) -> None:
    with database.write() as session:
        lease = taken(session)
        assert leases.release(session, lease)
        assert not leases.is_held(session, lease)
        assert leases.find(session, "x") is None
        assert taken(session, holder="you").generation == lease.generation + 1


def test_a_broken_lease_is_free_and_its_holder_finds_out(database: Database) -> None:
    with database.write() as session:
        lease = taken(session)
        assert leases.break_(session, holder_of(session))
        assert not leases.renew(session, lease, NOW)
        taken(session, holder="you")


def test_leases_with_different_names_are_independent(database: Database) -> None:
    with database.write() as session:
        taken(session, "x")
        taken(session, "y", "you")
        assert [held.name for held in leases.every(session)] == ["x", "y"]


@pytest.mark.parametrize(
    ("ago", "is_alive"), [(0, True), (leases.DEAD_AFTER.total_seconds() + 1, False), (-3600, False)]
)
def test_a_holder_is_shown_as_alive_only_by_a_recent_sign(database: Database, ago: float, is_alive: bool) -> None:
    with database.write() as session:
        taken(session)
        assert holder_of(session).is_alive(NOW + timedelta(seconds=ago)) is is_alive
