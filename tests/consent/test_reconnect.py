"""A successful reconnect, from the link to the reset."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from sandbox.world import COASTAL_BRANCH, HARBOUR_NAME, HARBOUR_VALE, MERE, SAM
from tests.consent.harbour import Harbour, move_in
from tests.consent.test_watch import break_it
from xpm.account.choice import choose, chosen, offers
from xpm.account.reset import check_chosen, reset
from xpm.activity.overview import overview
from xpm.consent.access import BROKEN, practice_access
from xpm.consent.invitation import answered, expire, require_granted, withdraw
from xpm.consent.removal import remove_superseded
from xpm.consent.superseding import supersede
from xpm.consent.watch import watch_connection
from xpm.store.consent import attempts, connections
from xpm.store.engine.database import Database
from xpm.store.vocabulary import AttemptOutcome, ConnectionState, ConsentStatus
from xpm.words import Stopped, stop
from xpm.xero import endpoints

WHOLE_WAY = ["consent.waiting", "consent.granted", "choice.made", "connection.made"]


def test_a_first_connection_logs_each_of_its_states_to_practice_activity(harbour: Harbour) -> None:
    said = harbour.connect(run="run-1")
    assert said.key == "connection.made"
    assert harbour.states() == ["authorising", "choosing_practice", "connected"]
    assert harbour.entries() == WHOLE_WAY
    assert {(step.person, step.flow_run_id) for step in harbour.transitions()} == {(MERE, "run-1")}


def test_a_connection_knows_its_account_its_consent_and_who_made_it(harbour: Harbour) -> None:
    harbour.connect()
    connection, (listed,) = harbour.connection(), harbour.world.connections.where()
    assert (connection.tenant_id, connection.tenant_name) == (HARBOUR_VALE, HARBOUR_NAME)
    assert connection.xero_connection_id == listed.connection_id
    assert connection.connected_by == harbour.person().id
    assert harbour.active_consent().id == connection.consent_id
    assert harbour.person().xero_userid == harbour.world.people[MERE].xero_userid


def test_the_link_leads_to_the_console_and_holds_no_secret(harbour: Harbour) -> None:
    invitation = harbour.invite()
    assert invitation.link == f"http://127.0.0.1:4280/connect/{invitation.attempt_id}"
    assert harbour.attempt(invitation).state_hash is None  # no secret exists yet that the link could reveal


def test_an_invitation_is_answered_once_access_was_allowed(harbour: Harbour) -> None:
    invitation = harbour.invite()
    assert not answered(harbour.integration, invitation)
    received = harbour.consent(invitation)
    assert (received.message.key, received.practice, received.flow_run_id) == ("consent.granted", harbour.slug, "run-1")
    assert answered(harbour.integration, invitation)
    assert expire(harbour.integration, invitation) is None  # it arrived in time, whatever the clock says now
    assert require_granted(harbour.integration, invitation) == harbour.consent_of(invitation).id


def test_tokens_are_stored_encrypted_and_the_secrets_of_the_login_are_deleted(harbour: Harbour) -> None:
    invitation = harbour.invite()
    harbour.consent(invitation)
    consent, attempt = harbour.consent_of(invitation), harbour.attempt(invitation)
    opened = harbour.tokens(consent.id)
    assert opened.refresh_token
    assert opened.access_token
    assert consent.refresh_token
    assert opened.refresh_token.encode() not in consent.refresh_token
    assert consent.access_token
    assert opened.access_token.encode() not in consent.access_token
    assert (attempt.outcome, attempt.nonce, attempt.code_verifier) == (AttemptOutcome.GRANTED, None, None)


def test_nothing_is_chosen_until_somebody_chooses(harbour: Harbour) -> None:
    invitation = harbour.invite()
    harbour.consent(invitation)
    with pytest.raises(Stopped) as stopped:
        chosen(harbour.integration, invitation)
    assert stopped.value.message.key == "choice.not_answered"


def test_the_old_connection_is_untouched_until_the_reset(connected: Harbour) -> None:
    before, old = connected.connection(), connected.active_consent()
    invitation = connected.invite(SAM)
    connected.consent(invitation)
    choose(connected.integration, invitation, offers(connected.integration, invitation)[0])
    said = check_chosen(connected.integration, invitation)
    assert said.key == "preflight.ready"

    now = connected.connection()
    for kept in ("tenant_id", "tenant_name", "xero_connection_id", "consent_id", "connected_by", "connected_at"):
        assert getattr(now, kept) == getattr(before, kept)
    assert connected.active_consent() == old
    assert connected.consent_of(invitation).status is ConsentStatus.PENDING
    assert reset(connected.integration, invitation).key == "connection.reset"
    assert connected.connection().consent_id == connected.consent_of(invitation).id


@pytest.mark.also_on_postgresql("unique rows change places")
def test_a_second_consent_replaces_the_first(connected: Harbour) -> None:
    first = connected.active_consent()
    said = connected.connect(SAM, run="run-1")
    assert (
        said.cause
        == f"Sam Brooks connected Harbour & Vale Accountants to the Xero Practice Manager account {HARBOUR_NAME}."
    )
    assert connected.consent_row(first.id).status is ConsentStatus.SUPERSEDED
    assert connected.active_consent().email == SAM
    assert connected.connection().connected_by == connected.person(SAM).id
    assert connected.entries() == [*WHOLE_WAY, *WHOLE_WAY[:-1], "connection.reset"]


@pytest.mark.also_on_postgresql("rows are written again")
def test_every_step_can_be_repeated(harbour: Harbour) -> None:
    invitation = harbour.invite()
    harbour.consent(invitation)
    for _ in range(2):
        choose(harbour.integration, invitation, offers(harbour.integration, invitation)[0])
        check_chosen(harbour.integration, invitation)
        harbour.confirm(invitation)
    reset(harbour.integration, invitation)
    facts, entries, states = harbour.facts(), harbour.entries(), harbour.states()
    harbour.finish(invitation)
    assert (harbour.facts(), harbour.entries(), harbour.states()) == (facts, entries, states)
    assert entries == WHOLE_WAY


def test_a_retried_run_keeps_its_consent(harbour: Harbour) -> None:
    first = harbour.invite(run="run-1")
    harbour.consent(first)
    entries = harbour.entries()
    again = harbour.invite(run="run-1")
    assert again.attempt_id == first.attempt_id
    assert harbour.entries() == entries
    assert harbour.finish(again).key == "connection.made"
    assert harbour.invite(run="run-1").attempt_id == first.attempt_id  # also if it failed after the reset


def test_a_retried_run_whose_consent_was_withdrawn_asks_again(harbour: Harbour) -> None:
    first = harbour.invite(run="run-1")
    harbour.consent(first)
    withdraw(harbour.integration, harbour.slug, stop("runbook.crashed"), flow_run_id="run-1")
    again = harbour.invite(run="run-1")
    assert again.attempt_id != first.attempt_id
    harbour.consent(again)
    assert harbour.finish(again).key == "connection.made"


@pytest.mark.parametrize("state", sorted(BROKEN))
def test_a_retried_run_whose_connection_has_broken_asks_again(connected: Harbour, state: ConnectionState) -> None:
    break_it(connected, state)
    watch_connection(connected.integration, connected.slug)
    connected.at_xero(MERE, privilege=True)
    connected.invite(run="run-0")
    again = connected.invite(run="run-0")  # also if the machine died meanwhile
    assert connected.consent(again).message.key == "consent.granted"
    assert connected.finish(again).key == "connection.reset"
    assert connected.connection().state is ConnectionState.CONNECTED


def test_of_two_reconnects_of_a_practice_the_newer_one_wins(connected: Harbour) -> None:
    abandoned = connected.invite(MERE, run="run-1")
    on_its_way = connected.go(abandoned)
    newer = connected.invite(SAM, run="run-2")
    answered = connected.hand_in(on_its_way)
    assert (answered.message.key, answered.flow_run_id) == ("consent.superseded", "run-2")
    assert answered.message.cause.startswith("Sam Brooks started it on ")
    with pytest.raises(Stopped) as stopped:
        require_granted(connected.integration, abandoned)
    assert stopped.value.message.key == "consent.superseded"

    withdraw(connected.integration, connected.slug, stopped.value, flow_run_id="run-1")
    assert connected.connection().state is ConnectionState.AUTHORISING  # the newer one continues
    connected.consent(newer)
    assert connected.finish(newer).key == "connection.reset"
    assert connected.active_consent().email == SAM


@pytest.mark.parametrize("has_its_consent", [False, True])
@pytest.mark.parametrize("newer_is_over", [False, True])
def test_a_reconnect_that_was_replaced_replaces_nothing_when_it_is_run_again(
    connected: Harbour, has_its_consent: bool, newer_is_over: bool
) -> None:
    older = connected.invite(MERE, run="run-1")
    if has_its_consent:
        connected.consent(older)
    newer = connected.invite(SAM, run="run-2")
    if newer_is_over:
        connected.consent(newer)
        connected.finish(newer)
    before = (connected.facts(), connected.entries(), connected.states())
    with pytest.raises(Stopped) as stopped:
        connected.invite(MERE, run="run-1")
    assert stopped.value.message.key == "consent.superseded"
    assert stopped.value.message.cause.startswith("Sam Brooks started it on ")
    assert (connected.facts(), connected.entries(), connected.states()) == before
    if not newer_is_over:
        connected.consent(newer)
        assert connected.finish(newer).key == "connection.reset"


def taken_over(harbour: Harbour, older: str = "run-1", newer: str = "run-2") -> None:
    """Do what the console does when Sam takes over: give the older run up before the newer one invites anybody."""
    with harbour.database.write() as session:
        supersede(
            session,
            harbour.slug,
            older,
            person="Sam Brooks",
            run=newer,
            now=harbour.integration.clock(),
            asked_by=harbour.person().id,
        )


def refused_as_superseded(harbour: Harbour, run: str = "run-1") -> None:
    with pytest.raises(Stopped) as stopped:
        harbour.invite(MERE, run)
    assert stopped.value.message.key == "consent.superseded"
    assert stopped.value.message.cause.startswith("Sam Brooks started it on ")


@pytest.mark.parametrize("has_its_consent", [False, True])
def test_taking_over_ends_the_older_reconnect_before_the_newer_one_begins(
    connected: Harbour, has_its_consent: bool
) -> None:
    before, older = connected.facts(), connected.invite(MERE, run="run-1")
    if has_its_consent:
        connected.consent(older)
    taken_over(connected)
    assert connected.connection().state is ConnectionState.CONNECTED
    assert connected.facts() == before
    refused_as_superseded(connected)
    connected.connect(SAM, run="run-2")


def test_taking_over_ends_a_reconnect_that_has_not_begun(connected: Harbour) -> None:
    taken_over(connected)
    newer = connected.invite(SAM, run="run-2")
    refused_as_superseded(connected)
    connected.consent(newer)
    assert connected.finish(newer).key == "connection.reset"


def test_taking_over_leaves_the_newer_reconnect_alone_if_it_has_begun_already(connected: Harbour) -> None:
    connected.invite(MERE, run="run-1")
    newer = connected.invite(SAM, run="run-2")
    before = (connected.facts(), connected.entries(), connected.states())
    taken_over(connected)
    assert (connected.facts(), connected.entries(), connected.states()) == before
    connected.consent(newer)
    assert connected.finish(newer).key == "connection.reset"


def test_a_reconnect_that_has_connected_the_practice_is_not_said_to_be_replaced(connected: Harbour) -> None:
    taken_over(connected, older="run-0")
    assert connected.invite(run="run-0")  # as a run does that syncs, and is retried
    assert connected.connection().state is ConnectionState.CONNECTED


@pytest.mark.also_on_postgresql("both lock the connection")
def test_taking_over_and_the_newer_reconnect_may_come_at_the_same_moment(connected: Harbour) -> None:
    connected.invite(MERE, run="run-1")
    with ThreadPoolExecutor() as pool:
        noted, begun = pool.submit(taken_over, connected), pool.submit(connected.invite, SAM, "run-2")
        noted.result()
        newer = begun.result()
    refused_as_superseded(connected)
    connected.consent(newer)
    assert connected.finish(newer).key == "connection.reset"


def test_a_newer_reconnect_takes_over_from_one_that_already_had_its_consent(connected: Harbour) -> None:
    older = connected.invite(MERE, run="run-1")
    connected.consent(older)
    (offer,) = offers(connected.integration, older)
    newer = connected.invite(SAM, run="run-2")
    assert connected.consent_of(older).refresh_token is None
    for step in (
        lambda: choose(connected.integration, older, offer),
        lambda: check_chosen(connected.integration, older),
        lambda: reset(connected.integration, older),
    ):
        with pytest.raises(Stopped) as stopped:
            step()
        assert stopped.value.message.key == "consent.superseded"
    withdraw(connected.integration, connected.slug, stopped.value, flow_run_id="run-1")
    connected.consent(newer)
    assert connected.finish(newer).key == "connection.reset"


def test_a_consent_withdrawn_by_a_newer_reconnect_at_the_last_moment_replaces_nothing(
    connected: Harbour,
) -> None:
    older = connected.invite(MERE, run="run-1")
    connected.consent(older)
    connected.choose(older)
    connected.confirm(older)

    def while_it_resets() -> dt.datetime:
        if connected.consent_of(older).refresh_token is not None:
            connected.invite(SAM, run="run-2")
        return connected.integration.clock()

    with pytest.raises(Stopped) as stopped:
        reset(replace(connected.integration, clock=while_it_resets), older)
    assert stopped.value.message.key == "consent.superseded"
    assert connected.active_consent().refresh_token is not None


@pytest.mark.also_on_postgresql("two writers at once")
def test_of_two_reconnects_that_begin_at_once_one_is_superseded(connected: Harbour) -> None:
    with ThreadPoolExecutor(2) as people, connected.database.write() as session:
        connections.locked(session, connected.slug)
        begun = [people.submit(connected.invite, MERE, "run-1"), people.submit(connected.invite, SAM, "run-2")]
        wait_until_blocked(connected.database, 2)
        session.rollback()
    outcomes = [connected.attempt(one.result()).outcome for one in begun]
    assert outcomes.count(AttemptOutcome.WAITING) == 1


def test_an_answer_that_arrives_while_its_run_gives_up_causes_no_deadlock(harbour: Harbour) -> None:
    """Both lock the connection and the attempt; in opposite orders, each would wait for the other."""
    invitation = harbour.invite()
    sent = harbour.go(invitation)
    with ThreadPoolExecutor(1) as browser, harbour.database.write() as session:
        connections.locked(session, harbour.slug)
        received = browser.submit(harbour.hand_in, sent)
        wait_until_blocked(harbour.database, 1)
        now = harbour.integration.clock()
        assert attempts.close(session, invitation.attempt_id, AttemptOutcome.REFUSED, now=now)
    assert received.result().message.key == "consent.link_over"
    assert harbour.attempt(invitation).outcome is AttemptOutcome.REFUSED


def test_a_connection_that_another_practices_reconnect_is_about_to_use_stays(connected: Harbour) -> None:
    """Xero has one connection per person and account, whichever practice uses it."""
    move_in(connected.integration, "branch-practice", "Branch Practice")
    branch = replace(connected, slug="branch-practice")
    moving = connected.invite(MERE, "run-1")
    connected.consent(moving, tenants=(COASTAL_BRANCH,))
    connected.finish(moving, another_account=True)
    theirs = branch.invite(MERE, "run-2")
    branch.consent(theirs, tenants=(HARBOUR_VALE,))
    branch.choose(theirs)
    branch.confirm(theirs)
    assert remove_superseded(connected.integration, connected.slug, flow_run_id="run-1") == []
    reset(connected.integration, theirs)
    with practice_access(connected.integration, branch.slug) as access:
        assert list(access.api.list(endpoints.STAFF))


def wait_until_blocked(database: Database, threads: int) -> None:
    """Wait until this many wait for a lock. SQLite does not say; there, a caller waits before it has read anything."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    while database.is_postgresql:
        with database.read() as session:
            if session.connection().scalar(waiting) == threads:
                return


def test_the_end_of_another_run_leaves_a_reconnect_under_way_alone(connected: Harbour) -> None:
    invitation = connected.invite(run="run-1")
    withdraw(connected.integration, connected.slug, stop("runbook.cancelled"), flow_run_id="a-sync")
    assert connected.connection().state is ConnectionState.AUTHORISING
    assert connected.consent(invitation).message.key == "consent.granted"
    assert connected.finish(invitation).key == "connection.reset"


def test_two_practices_can_reconnect_at_the_same_time(connected: Harbour) -> None:
    move_in(connected.integration, "coastal", "Coastal Accountants")
    other = replace(connected, slug="coastal")
    mine, theirs = connected.invite(run="run-1"), other.invite(SAM, run="run-2")
    assert other.consent(theirs, tenants=(COASTAL_BRANCH,)).practice == "coastal"
    assert connected.consent(mine).practice == connected.slug
    assert other.finish(theirs).key == "connection.made"
    assert connected.finish(mine).key == "connection.reset"


def test_an_overview_shows_the_practices_status(harbour: Harbour) -> None:
    assert overview(harbour.integration, harbour.slug).message.title == "Not connected"
    invitation = harbour.invite()
    assert overview(harbour.integration, harbour.slug).message.key == "state.authorising"
    harbour.consent(invitation)
    assert overview(harbour.integration, harbour.slug).message.key == "state.choosing_practice"
    harbour.finish(invitation)
    seen = overview(harbour.integration, harbour.slug)
    assert (seen.message.title, seen.connected_by, seen.syncs) == (f"Connected to {HARBOUR_NAME}", "Mere Tāne", ())
    by_the_practice_clock = seen.since.astimezone(ZoneInfo(seen.time_zone))
    assert f"since {by_the_practice_clock:%d %B %Y %H:%M}" in seen.message.cause
