"""Many processes with many requests each, all of which need a fresh token at the same time."""

import pytest

from tests.consent.harbour import Harbour
from tests.consent.renewal.given import given_to
from tests.consent.renewal.workers import Given, request_at_once
from tests.processes import FORKED
from xpm.consent.keeper import ConsentKeeper
from xpm.xero.errors import ConsentNeeded

PROCESSES, COROUTINES = 8, 25
LATE_COMERS = 20
HALF_AN_HOUR = 1_800


def all_at_once(given: Given) -> list[tuple[int, str]]:
    """Return the status and token of every request of every process."""
    barrier, answers = FORKED.Barrier(PROCESSES), FORKED.Queue()
    workers = [
        FORKED.Process(target=request_at_once, args=(given, COROUTINES, barrier, answers)) for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    made = [one for _ in workers for one in answers.get(timeout=120)]
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * PROCESSES
    return made


def test_eight_processes_of_twenty_five_requests_ask_xero_for_one_token(connected: Harbour) -> None:
    before = connected.tokens(connected.active_consent().id)
    connected.world.clock.advance(HALF_AN_HOUR)
    made = all_at_once(given_to(connected))
    after = connected.tokens(connected.active_consent().id)
    assert connected.token_requests() == 1
    assert made == [(200, f"Bearer {after.access_token}")] * (PROCESSES * COROUTINES)
    assert after.access_token != before.access_token
    assert after.generation == before.generation + 1


def test_later_callers_do_not_ask_again_after_a_refusal(connected: Harbour) -> None:
    keepers = [ConsentKeeper(connected.integration, connected.active_consent().id) for _ in range(LATE_COMERS)]
    stale = keepers[0].current()
    connected.world.grants.revoke(connected.person().email)
    for keeper in keepers:
        with pytest.raises(ConsentNeeded):
            keeper.renew(stale)
    assert connected.token_requests() == 1
