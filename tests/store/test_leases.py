"""Leases: one holder at a time, and a holder whose lease was lost finds out."""

from datetime import timedelta

import pytest

from tests.processes import FORKED
from tests.store.kit import NOW
from tests.store.workers import TTL, run, take_lease
from xpm.store import leases
from xpm.store.engine.database import Database

pytestmark = pytest.mark.also_on_postgresql("the store itself")


def test_only_one_of_several_processes_gets_the_lease(database: Database) -> None:
    url, holders = database.url.render_as_string(hide_password=False), ["a", "b", "c"]
    barrier, answers = FORKED.Barrier(len(holders)), FORKED.SimpleQueue()
    run([FORKED.Process(target=take_lease, args=(url, holder, barrier, answers)) for holder in holders])
    got = [answers.get() for _ in holders]
    assert sorted(got) == [0, 0, 1]


def test_the_holder_may_acquire_again_with_a_new_generation(database: Database) -> None:
    with database.write() as session:
        first = leases.acquire(session, "x", "me", NOW, TTL)
        second = leases.acquire(session, "x", "me", NOW, TTL)
        assert first
        assert second
        assert second.generation == first.generation + 1
        assert not leases.is_held(session, first)
        assert leases.is_held(session, second)


def test_nobody_else_gets_a_lease_until_it_expires(database: Database) -> None:
    with database.write() as session:
        mine = leases.acquire(session, "x", "me", NOW, TTL)
        assert mine
        assert leases.acquire(session, "x", "you", NOW + TTL - timedelta(microseconds=1), TTL) is None
        yours = leases.acquire(session, "x", "you", NOW + TTL, TTL)
        assert yours
        assert yours.generation > mine.generation
        assert not leases.is_held(session, mine)
        assert leases.renew(session, mine, NOW, TTL) is None
        assert not leases.release(session, mine)
        assert leases.is_held(session, yours)


def test_renewing_keeps_the_generation_and_extends_the_lease(database: Database) -> None:
    with database.write() as session:
        lease = leases.acquire(session, "x", "me", NOW, TTL)
        assert lease
        renewed = leases.renew(session, lease, NOW + TTL, TTL)
        assert renewed
        assert (renewed.generation, renewed.expires_at) == (lease.generation, NOW + 2 * TTL)
        assert leases.acquire(session, "x", "you", NOW + TTL, TTL) is None


def test_a_released_lease_is_free_at_once_and_its_next_generation_is_higher(database: Database) -> None:
    with database.write() as session:
        lease = leases.acquire(session, "x", "me", NOW, TTL)
        assert lease
        assert leases.release(session, lease)
        assert not leases.is_held(session, lease)
        following = leases.acquire(session, "x", "you", NOW, TTL)
        assert following
        assert following.generation == lease.generation + 1


def test_leases_with_different_names_are_independent(database: Database) -> None:
    with database.write() as session:
        assert leases.acquire(session, "x", "me", NOW, TTL)
        assert leases.acquire(session, "y", "you", NOW, TTL)
