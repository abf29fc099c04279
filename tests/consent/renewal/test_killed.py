"""A process that is killed (SIGKILL) at any point of a refresh, and answers of the token endpoint that are lost."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sandbox.world import CLIENT_ID
from tests.consent.harbour import Harbour
from tests.consent.renewal.given import given_to
from tests.consent.renewal.workers import Step, request_and_die
from tests.processes import is_killed
from xpm.consent.access import practice_access
from xpm.consent.keeper import RETRIES_OF_A_LOST_ANSWER
from xpm.integration import Integration
from xpm.store.vocabulary import ConnectionState, ConsentStatus
from xpm.words import Stopped
from xpm.xero.errors import AnswerLost, XeroUnavailable

HALF_AN_HOUR, A_DAY = (
    1_800,
    86_400,
)  # seconds; Xero's grace for the previous refresh token, and the life of an access token
ROTATED_UNSTORED = {Step.XERO_ROTATED, Step.STORING}
FURTHER = 20


@pytest.fixture
def hurried(integration: Integration, connected: Harbour) -> Integration:
    """An installation for which the minute that it waits for a dead process passes at once."""

    def hurry(seconds: float) -> None:
        connected.world.clock.advance(seconds)

    return replace(integration, sleep=hurry)


def use(integration: Integration, harbour: Harbour) -> None:
    """Open the connection and make a call, as a run does first."""
    with practice_access(integration, harbour.slug) as access:
        access.http.get(integration.app.connections_url).raise_for_status()


def die_at(harbour: Harbour, step: Step) -> None:
    """Start a process that needs a fresh token and is killed at this point."""
    harbour.world.clock.advance(HALF_AN_HOUR)
    assert is_killed(request_and_die, given_to(harbour), step)


def lose_the_answers(harbour: Harbour, integration: Integration) -> None:
    """Let Xero rotate the tokens, and lose all its answers to one refresh."""
    harbour.world.clock.advance(HALF_AN_HOUR)
    harbour.fault("token", "lost_answer", times=RETRIES_OF_A_LOST_ANSWER + 1)
    with pytest.raises(AnswerLost):
        use(integration, harbour)


def assert_recovers(harbour: Harbour, integration: Integration) -> None:
    """The next run works by itself, and so does another after the next token expired."""
    before = harbour.token_requests()
    use(integration, harbour)
    assert harbour.token_requests() - before <= 1
    harbour.world.clock.advance(A_DAY)
    use(integration, harbour)
    assert harbour.token_requests() - before <= 2
    assert harbour.connection().state is ConnectionState.CONNECTED
    assert harbour.active_consent().refresh_started_at is None
    assert "connection.authentication_failed" not in harbour.entries()


def assert_needs_reconnect_without_a_loop(harbour: Harbour, integration: Integration) -> None:
    """One more request shows that the consent is lost; this is logged once, and no more requests follow."""
    consent_id, before = harbour.active_consent().id, harbour.token_requests()
    for _ in range(1 + FURTHER):
        with pytest.raises(Stopped):
            use(integration, harbour)
    assert harbour.token_requests() - before == 1
    assert harbour.connection().state is ConnectionState.NEEDS_RECONNECT
    assert harbour.states().count("needs_reconnect") == 1
    assert harbour.entries().count("connection.needs_reconnect") == 1
    assert harbour.consent_row(consent_id).status is ConsentStatus.LOST


@pytest.mark.parametrize("step", Step)
def test_after_a_kill_at_any_point_the_next_run_recovers_by_itself(
    connected: Harbour, hurried: Integration, step: Step
) -> None:
    die_at(connected, step)
    assert connected.token_requests() == (step in ROTATED_UNSTORED | {Step.STORED, Step.BEFORE_USE})
    assert_recovers(connected, hurried)


@pytest.mark.parametrize("step", sorted(set(Step) - ROTATED_UNSTORED))
def test_after_a_kill_that_lost_no_token_the_grace_time_does_not_matter(
    connected: Harbour, hurried: Integration, step: Step
) -> None:
    die_at(connected, step)
    connected.world.clock.advance(A_DAY)
    assert_recovers(connected, hurried)


@pytest.mark.parametrize("step", sorted(ROTATED_UNSTORED))
def test_tokens_lost_with_their_process_need_a_reconnect_after_the_grace_time(
    connected: Harbour, hurried: Integration, step: Step
) -> None:
    die_at(connected, step)
    connected.world.clock.advance(HALF_AN_HOUR + 60)
    assert_needs_reconnect_without_a_loop(connected, hurried)


@pytest.mark.also_on_postgresql("what was committed when")
def test_the_next_run_recovers_from_lost_answers(connected: Harbour, hurried: Integration) -> None:
    lose_the_answers(connected, hurried)
    assert connected.connection().state is ConnectionState.CONNECTED
    assert_recovers(connected, hurried)


def test_lost_answers_need_a_reconnect_after_the_grace_time(connected: Harbour, hurried: Integration) -> None:
    lose_the_answers(connected, hurried)
    connected.world.clock.advance(HALF_AN_HOUR + 60)
    assert_needs_reconnect_without_a_loop(connected, hurried)


def outage(harbour: Harbour) -> Callable[[], None]:
    """Take Xero's token endpoint down until the returned function is called."""
    harbour.fault("token", "status", status=503, times=0)

    def over() -> None:
        harbour.world.faults.clear()

    return over


def wrong_secret(harbour: Harbour) -> Callable[[], None]:
    """Replace the app's secret at Xero until the returned function is called."""
    app = harbour.world.apps[CLIENT_ID]
    right, app.secret = app.secret, "another-secret"

    def over() -> None:
        app.secret = right

    return over


@pytest.mark.parametrize("trouble", [outage, wrong_secret])
def test_an_error_that_is_not_the_consents_fault_never_ends_the_consent(
    connected: Harbour, hurried: Integration, trouble: Callable[[Harbour], Callable[[], None]]
) -> None:
    consent_id = connected.active_consent().id
    kept = connected.tokens(consent_id)
    over = trouble(connected)
    for _ in range(5):
        connected.world.clock.advance(A_DAY)
        with pytest.raises((XeroUnavailable, Stopped)):
            use(hurried, connected)
    assert connected.connection().state is ConnectionState.CONNECTED
    left = connected.tokens(consent_id)
    assert (left.access_token, left.refresh_token, left.generation) == (
        kept.access_token,
        kept.refresh_token,
        kept.generation,
    )
    over()
    assert_recovers(connected, hurried)
