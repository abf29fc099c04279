"""Keeping a consent alive: its tokens are renewed once, stored before use and never lost."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from sandbox.world import CLIENT_ID, MERE
from tests.consent.harbour import Harbour
from tests.consent.workers import renew
from tests.processes import FORKED
from xpm.consent.keeper import PATIENCE, RETRIES_OF_A_LOST_ANSWER, ConsentKeeper, token_pair
from xpm.integration import Integration
from xpm.store import leases
from xpm.store.consent import consents
from xpm.store.leases import Held, Lease
from xpm.xero.errors import AnswerLost, ConsentNeeded, MisconfiguredApp, XeroUnavailable
from xpm.xero.tokens import TokenSet


@pytest.fixture
def keeper(connected: Harbour) -> ConsentKeeper:
    return keeper_of(connected, connected.integration)


def keeper_of(harbour: Harbour, integration: Integration) -> ConsentKeeper:
    return ConsentKeeper(integration, harbour.active_consent().id)


def in_threads(*work: Callable[[], object]) -> None:
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.also_on_postgresql("bytes and times as stored")
def test_renewing_rotates_both_tokens_and_stores_them(connected: Harbour, keeper: ConsentKeeper) -> None:
    before = connected.tokens(connected.active_consent().id)
    renewed = keeper.renew(keeper.current())
    after = connected.tokens(connected.active_consent().id)
    assert after.access_token == renewed.access_token.get_secret_value() != before.access_token
    assert after.refresh_token == renewed.refresh_token.get_secret_value() != before.refresh_token
    assert (after.previous_refresh_token, after.generation) == (before.refresh_token, before.generation + 1)
    assert after.refresh_started_at is None
    assert keeper.current().expires_at == renewed.expires_at


def test_tokens_renewed_meanwhile_are_used_without_asking_xero(connected: Harbour, keeper: ConsentKeeper) -> None:
    stale = keeper.current()
    newer = keeper.renew(stale)
    assert keeper.renew(stale).access_token == newer.access_token
    assert connected.token_requests() == 1


def test_a_request_with_an_expired_token_is_signed_with_the_newer_stored_one(connected: Harbour) -> None:
    keeper, seen = keeper_of(connected, connected.integration), list[str | None]()

    def note(request: httpx.Request) -> None:
        stored = connected.tokens(connected.active_consent().id).access_token
        seen.append(request.headers["Authorization"].removeprefix("Bearer "))
        assert seen[-1] == stored

    connected.world.clock.advance(1_800)
    with connected.integration.signed_http(keeper) as http:
        http.event_hooks["request"].append(note)
        http.get(f"{connected.server.url}/connections").raise_for_status()
    assert connected.token_requests() == 1
    assert len(seen) == 1


@pytest.mark.also_on_postgresql("many writers at once")
@pytest.mark.parametrize("shared", [True, False], ids=["one keeper", "a keeper each"])
def test_threads_that_renew_at_the_same_time_ask_xero_once(
    connected: Harbour, patient: Integration, shared: bool
) -> None:
    one = keeper_of(connected, patient)
    keepers = [one if shared else keeper_of(connected, patient) for _ in range(4)]
    stale, barrier, renewed = one.current(), threading.Barrier(4), list[TokenSet]()

    def at_once(keeper: ConsentKeeper) -> Callable[[], None]:
        def work() -> None:
            barrier.wait()
            renewed.append(keeper.renew(stale))

        return work

    connected.fault("token", "drip", bytes=200, delay=0.02)  # long enough for the others to arrive
    in_threads(*map(at_once, keepers))
    assert {tokens.access_token for tokens in renewed} == {one.current().access_token}
    assert len(renewed) == 4
    assert connected.token_requests() == 1


def test_processes_that_renew_at_the_same_time_ask_xero_once(connected: Harbour) -> None:
    barrier, answers = FORKED.Barrier(2), FORKED.SimpleQueue()
    url = connected.database.url.render_as_string(hide_password=False)
    (key,) = connected.integration.settings.xpm_encryption_keys
    given = (url, connected.server.url, key.get_secret_value(), connected.active_consent().id)
    together = {"barrier": barrier, "answers": answers}
    workers = [FORKED.Process(target=renew, args=given, kwargs=together) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(100)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert [answers.get() for _ in workers] == [(True, True)] * 2
    assert connected.token_requests() == 1


@pytest.mark.parametrize("kind", ["lost_answer", "maintenance", "truncate"])
def test_after_a_lost_answer_the_same_token_is_tried_again(
    connected: Harbour, keeper: ConsentKeeper, kind: str
) -> None:
    stale = keeper.current()
    connected.fault("token", kind)
    renewed = keeper.renew(stale)
    assert renewed.refresh_token != stale.refresh_token
    assert keeper.current().access_token == renewed.access_token
    assert keeper.renew(renewed).access_token != renewed.access_token  # the newest token still works


def test_repeatedly_lost_answers_keep_the_tokens_for_another_try(connected: Harbour, keeper: ConsentKeeper) -> None:
    stale = keeper.current()
    connected.fault("token", "lost_answer", times=RETRIES_OF_A_LOST_ANSWER + 1)
    with pytest.raises(AnswerLost):
        keeper.renew(stale)
    assert keeper.current() == stale
    assert connected.tokens(connected.active_consent().id).refresh_started_at is not None
    assert keeper.renew(stale).refresh_token != stale.refresh_token  # within Xero's 30 minutes of grace


def test_an_unreachable_identity_server_leaves_the_tokens_stored(connected: Harbour) -> None:
    nowhere = connected.integration.settings.model_copy(update={"xero_token_url": "http://127.0.0.1:9/connect/token"})
    keeper = keeper_of(connected, replace(connected.integration, settings=nowhere))
    stale = keeper.current()
    with pytest.raises(XeroUnavailable):
        keeper.renew(stale)
    assert keeper.current() == stale


def test_a_consent_that_ended_at_xero_raises_and_its_tokens_stay(connected: Harbour, keeper: ConsentKeeper) -> None:
    stale = keeper.current()
    connected.world.grants.revoke(MERE)
    with pytest.raises(ConsentNeeded):
        keeper.renew(stale)
    assert keeper.current() == stale


def test_a_wrong_secret_is_the_apps_fault_and_the_tokens_stay(connected: Harbour, keeper: ConsentKeeper) -> None:
    stale, app = keeper.current(), connected.world.apps[CLIENT_ID]
    right, app.secret = app.secret, "another-secret"
    with pytest.raises(MisconfiguredApp):
        keeper.renew(stale)
    assert keeper.current() == stale
    app.secret = right
    assert keeper.renew(stale).access_token != stale.access_token


def test_a_consent_without_tokens_needs_a_new_one(connected: Harbour, keeper: ConsentKeeper) -> None:
    stale = keeper.current()
    with connected.database.write() as session:
        consents.end(session, connected.active_consent().id, connected.active_consent().status, forget_tokens=True)
    with pytest.raises(ConsentNeeded):
        keeper.current()
    with pytest.raises(ConsentNeeded):
        keeper.renew(stale)
    assert connected.token_requests() == 0


@pytest.mark.parametrize("refused", [True, False], ids=["Xero refuses the older token", "Xero takes both"])
def test_a_process_overtaken_during_its_refresh_uses_the_newer_tokens(
    connected: Harbour, keeper: ConsentKeeper, refused: bool
) -> None:
    """A process that held the lease too long stores its tokens while another one asks Xero."""
    stale, winner = keeper.current(), connected.integration.oauth.refresh(keeper.current().refresh_token)
    consent_id, vault = connected.active_consent().id, connected.integration.vault

    class Overtaken(httpx.BaseTransport):
        """The transport to Xero, during which the other process is faster."""

        def __init__(self) -> None:
            self.really = httpx.HTTPTransport()

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            now = connected.integration.clock()
            with connected.database.write() as session:
                assert consents.store_rotation(session, vault, consent_id, 0, tokens=token_pair(winner), now=now)
            if refused:
                return httpx.Response(400, json={"error": "invalid_grant"})
            return self.really.handle_request(request)

        def close(self) -> None:
            self.really.close()

    with httpx.Client(transport=Overtaken()) as http:
        overtaken = keeper_of(connected, replace(connected.integration, http=http))
        assert overtaken.renew(stale).access_token == winner.access_token
    assert keeper.current().access_token == winner.access_token


def test_the_lease_of_a_killed_process_is_waited_out(connected: Harbour, keeper: ConsentKeeper) -> None:
    waited: list[float] = []
    stale = keeper.current()
    assert leased(connected, "a process that was killed")
    waiting = keeper_of(connected, replace(connected.integration, sleep=waited.append))
    assert waiting.renew(stale).access_token != stale.access_token
    assert sum(waited) == pytest.approx(leases.DEAD_AFTER.total_seconds(), abs=1)


@pytest.mark.also_on_postgresql("leases")
@pytest.mark.parametrize("hours", [0, 11, -11])
def test_whoever_waits_for_a_renewal_that_never_ends_gives_up_and_says_so(
    connected: Harbour, keeper: ConsentKeeper, hours: int
) -> None:
    waited: list[float] = []
    stale, lease = keeper.current(), leased(connected, "a program that hangs", hours=hours)
    assert lease

    def wait(seconds: float) -> None:
        waited.append(seconds)
        with connected.database.write() as session:
            assert leases.renew(session, lease, connected.integration.clock() + timedelta(hours=hours))

    waiting = keeper_of(connected, replace(connected.integration, sleep=wait))
    with pytest.raises(XeroUnavailable, match="Another program has been renewing the access for 3 minutes"):
        waiting.renew(stale)
    assert sum(waited) == pytest.approx(PATIENCE, abs=1)
    assert connected.token_requests() == 0


@pytest.mark.also_on_postgresql("leases")
def test_the_lease_is_free_again_after_a_renewal_and_after_a_failed_one(
    connected: Harbour, keeper: ConsentKeeper
) -> None:
    keeper.renew(keeper.current())
    assert leased(connected, "somebody", release=True)
    connected.world.grants.revoke(MERE)
    with pytest.raises(ConsentNeeded):
        keeper.renew(keeper.current())
    assert leased(connected, "somebody else", release=True)


def leased(harbour: Harbour, holder: str, *, release: bool = False, hours: int = 0) -> Lease | None:
    """Take the lease of a renewal, by a clock that is `hours` ahead."""
    now = harbour.integration.clock() + timedelta(hours=hours)
    with harbour.database.write() as session:
        lease = leases.acquire(session, f"refresh/{harbour.connection().consent_id}", holder, now)
        if isinstance(lease, Held):
            return None
        if release:
            leases.release(session, lease)
    return lease
