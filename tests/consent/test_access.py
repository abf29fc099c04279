"""Using a connection, and what happens when it turns out to be broken."""

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.identity.connections import PRACTICE
from sandbox.world import CLIENT_ID, COASTAL_BRANCH, HARBOUR_NAME, HARBOUR_VALE, MERE, SAM
from tests.consent.harbour import Harbour
from tests.consent.test_reconnect import wait_until_blocked
from xpm.account.disconnect import disconnect, plan_disconnect
from xpm.activity.overview import overview
from xpm.consent.access import ConnectionBroke, practice_access
from xpm.consent.removal import remove_superseded
from xpm.store.consent import connections
from xpm.store.vocabulary import ConnectionState, ConsentStatus
from xpm.words import Stopped
from xpm.xero import endpoints
from xpm.xero.errors import Blocked, DayLimit, Refused, XeroError, XeroUnavailable

NOTHING_ADDED = ["consent.waiting", "consent.granted", "choice.made", "connection.made"]


def staff(harbour: Harbour) -> int:
    """Use the connection for one call."""
    with practice_access(harbour.integration, harbour.slug) as access:
        return sum(1 for _ in access.api.list(endpoints.STAFF))


def refusal(harbour: Harbour) -> Stopped:
    with pytest.raises(Stopped) as stopped:
        staff(harbour)
    return stopped.value


def calls(harbour: Harbour) -> int:
    return len(harbour.world.request_log.requests())


def test_a_connected_practice_is_opened_with_its_tenant(connected: Harbour) -> None:
    with practice_access(connected.integration, connected.slug) as access:
        assert (access.practice.slug, access.tenant_id, access.tenant_name) == (
            connected.slug,
            HARBOUR_VALE,
            HARBOUR_NAME,
        )
        assert sum(1 for _ in access.api.list(endpoints.STAFF)) == len(
            list(connected.world.accounts[HARBOUR_VALE].staff.records())
        )


def test_an_expired_token_is_renewed_during_the_call(connected: Harbour) -> None:
    connected.world.clock.advance(3_600)
    assert staff(connected)
    assert connected.token_requests() == 1


def test_an_ended_consent_is_noticed_and_logged_once(connected: Harbour) -> None:
    connected.world.grants.revoke(MERE)
    stopped = refusal(connected)
    assert stopped.message.title == "There is a problem with your XPM integration and authentication failed"
    assert connected.connection().state is ConnectionState.NEEDS_RECONNECT
    assert connected.consent_row(connected.connection().consent_id or "").status is ConsentStatus.LOST
    assert connected.entries() == [*NOTHING_ADDED, "connection.needs_reconnect"]

    before, asked = connected.facts(), calls(connected)
    assert refusal(connected).message.title == "XPM needs to reconnect"
    assert calls(connected) == asked
    assert (connected.entries(), connected.facts()) == ([*NOTHING_ADDED, "connection.needs_reconnect"], before)


def test_only_the_first_to_find_a_broken_connection_carries_the_news_even_through_a_pickle(connected: Harbour) -> None:
    connected.world.grants.revoke(MERE)
    first, second = refusal(connected), refusal(connected)
    assert isinstance(first, ConnectionBroke)
    assert not isinstance(second, ConnectionBroke)
    again: ConnectionBroke = pickle.loads(pickle.dumps(first))  # noqa: S301 - our own
    assert (again.message, again.recorded, again.news) == (first.message, first.recorded, first.news)
    assert again.news.key == "connection.needs_reconnect"


@pytest.mark.also_on_postgresql("two writers at once")
def test_two_syncs_that_find_the_consent_ended_log_it_once(connected: Harbour) -> None:
    def slow_sync() -> None:
        with practice_access(connected.integration, connected.slug) as access:
            connected.world.grants.revoke(MERE)
            refusal(connected)  # another sync finds it first
            list(access.api.list(endpoints.STAFF))

    with pytest.raises(Stopped) as stopped:
        slow_sync()
    assert stopped.value.message.key == "connection.authentication_failed"
    assert connected.entries() == [*NOTHING_ADDED, "connection.needs_reconnect"]
    assert connected.states()[-2:] == ["connected", "needs_reconnect"]


def test_a_disconnect_at_xero_is_noticed(connected: Harbour) -> None:
    connected.world.connections.remove(lambda known: known.tenant_type == PRACTICE)
    stopped = refusal(connected)
    assert stopped.message.title == "Harbour & Vale was disconnected in Xero"
    assert stopped.recorded  # so the end of the run need not log it again
    assert connected.connection().state is ConnectionState.DISCONNECTED
    assert connected.entries() == [*NOTHING_ADDED, "connection.disconnected"]
    assert connected.active_consent().email == MERE  # the consent itself is valid, and may serve other practices


def test_a_lost_privilege_is_noticed(connected: Harbour) -> None:
    connected.at_xero(MERE, privilege=False)
    stopped = refusal(connected)
    assert stopped.message.title == "Mere Tāne may no longer connect apps to Harbour & Vale"
    assert "Connect third-party add-ons" in stopped.message.next
    assert connected.connection().state is ConnectionState.PRIVILEGE_LOST
    assert connected.entries() == [*NOTHING_ADDED, "connection.privilege_lost"]


def test_a_consent_that_ends_while_xero_is_asked_for_its_reason_is_noticed(connected: Harbour) -> None:
    connected.fault("xpm", "forbidden", times=0)
    connected.fault("connections", "unauthorized", times=0)
    assert refusal(connected).message.key == "connection.authentication_failed"
    assert connected.connection().state is ConnectionState.NEEDS_RECONNECT


@pytest.mark.parametrize("area", ["xpm", "token"])
def test_an_outage_at_xero_changes_nothing(connected: Harbour, area: str) -> None:
    connected.world.clock.advance(1_800)
    connected.fault(area, "maintenance", times=0)
    assert_unchanged_by(connected, XeroUnavailable)


def test_an_access_that_one_end_point_refuses_and_another_accepts_is_kept(connected: Harbour) -> None:
    connected.fault("xpm", "unauthorized", times=2)  # also after it was renewed
    assert_unchanged_by(connected, XeroUnavailable)
    assert staff(connected)


def test_a_refusal_of_one_part_of_xpm_says_nothing_about_the_person(connected: Harbour) -> None:
    connected.fault("xpm", "forbidden")
    assert_unchanged_by(connected, XeroUnavailable)
    assert staff(connected)


def test_a_refusal_by_xeros_firewall_says_nothing_about_the_person(connected: Harbour) -> None:
    page = "<!DOCTYPE html><html><body>Access denied by the firewall</body></html>"
    connected.fault("xpm", "status", status=403, body=page)
    assert_unchanged_by(connected, Blocked)
    assert staff(connected)


def test_a_used_up_day_changes_nothing(connected: Harbour) -> None:
    connected.fault("xpm", "limit", problem="day", retry_after=40_000)
    assert_unchanged_by(connected, DayLimit)


def test_a_call_that_xero_declines_changes_nothing(connected: Harbour) -> None:
    connected.fault("xpm", "error_body", description="Invalid state code")
    assert_unchanged_by(connected, Refused)


def test_a_refusal_without_a_known_reason_changes_nothing(connected: Harbour) -> None:
    connected.fault("xpm", "forbidden", times=0)
    connected.fault("connections", "maintenance", times=0)
    assert_unchanged_by(connected, XeroUnavailable)


def assert_unchanged_by(connected: Harbour, error: type[XeroError]) -> None:
    before, consent = connected.connection(), connected.active_consent()
    with pytest.raises(error):
        staff(connected)
    assert connected.connection() == before
    assert connected.active_consent().id == consent.id
    assert connected.tokens(consent.id).refresh_token
    assert connected.entries() == NOTHING_ADDED


def test_a_wrong_secret_stops_the_run_and_keeps_the_connection(connected: Harbour) -> None:
    before = connected.connection()
    connected.world.clock.advance(1_800)
    connected.world.apps[CLIENT_ID].secret = "another-secret"
    assert refusal(connected).message.key == "consent.app_misconfigured"
    assert connected.connection() == before
    assert connected.entries() == NOTHING_ADDED


def test_the_old_connection_stays_usable_during_a_reconnect(connected: Harbour) -> None:
    invitation = connected.invite(SAM)
    assert staff(connected)
    connected.consent(invitation)
    assert connected.connection().state is ConnectionState.CHOOSING_PRACTICE
    assert staff(connected)


def test_a_consent_that_ends_during_a_reconnect_leaves_the_reconnect_alone(connected: Harbour) -> None:
    connected.world.grants.revoke(MERE)
    invitation = connected.invite(SAM)
    stopped = refusal(connected)
    assert (stopped.message.key, stopped.recorded) == ("connection.authentication_failed", False)
    assert connected.connection().state is ConnectionState.AUTHORISING
    connected.consent(invitation)
    connected.finish(invitation)
    assert staff(connected)


@pytest.mark.parametrize("person", [MERE, SAM])
def test_a_run_under_way_continues_with_the_consent_of_a_reconnect(connected: Harbour, person: str) -> None:
    with practice_access(connected.integration, connected.slug) as access:
        connected.connect(person, run="run-1")
        tidy(connected)
        assert list(access.api.list(endpoints.STAFF))
        connected.world.clock.advance(3_600)
        assert list(access.api.list(endpoints.STAFF))


def reconnected_while_xero_was_asked(harbour: Harbour) -> None:
    harbour.connect(SAM, run="run-1")
    harbour.fault("xpm", "forbidden")  # the answer to a call made with the connection that is now removed


def moved_to_another_account(harbour: Harbour) -> None:
    invitation = harbour.invite(run="run-1")
    harbour.consent(invitation, tenants=(COASTAL_BRANCH,))
    harbour.finish(invitation, another_account=True)
    tidy(harbour)


def disconnected(harbour: Harbour) -> None:
    disconnect(harbour.integration, plan_disconnect(harbour.integration, harbour.slug))


@pytest.mark.parametrize(
    ("meanwhile", "key", "then"),
    [
        (reconnected_while_xero_was_asked, "connection.replaced", ConnectionState.CONNECTED),
        (moved_to_another_account, "connection.replaced", ConnectionState.CONNECTED),
        (disconnected, "connection.disconnected_here", ConnectionState.DISCONNECTED),
    ],
)
def test_a_run_whose_connection_was_replaced_says_so_and_raises_no_alarm(
    connected: Harbour, meanwhile: Callable[[Harbour], None], key: str, then: ConnectionState
) -> None:
    def work() -> None:
        with practice_access(connected.integration, connected.slug) as access:
            meanwhile(connected)
            list(access.api.list(endpoints.STAFF))

    with pytest.raises(Stopped) as stopped:
        work()
    assert stopped.value.message.key == key
    assert connected.connection().state is then
    assert "connection.needs_reconnect" not in connected.entries()


@pytest.mark.also_on_postgresql("two writers at once")
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite lets one write at a time
def test_recording_a_broken_connection_waits_for_a_reconnect_that_takes_over(connected: Harbour) -> None:
    other = connected.active_consent().id
    connected.connect(MERE, run="run-1")
    connected.world.grants.revoke(MERE)
    with ThreadPoolExecutor(1) as sync, connected.database.write() as session:
        connection = connections.locked(session, connected.slug)
        found = sync.submit(refusal, connected)
        wait_until_blocked(connected.database, 1)
        connection.consent_id = other
        session.commit()
    assert found.result().message.key == "connection.replaced"
    assert connected.connection().state is ConnectionState.CONNECTED


def tidy(harbour: Harbour) -> None:
    """Do the step of a reconnect that removes the old connections."""
    assert remove_superseded(harbour.integration, harbour.slug, flow_run_id="run-1") == []


def test_a_practice_that_was_never_connected_makes_no_call(harbour: Harbour) -> None:
    stopped = refusal(harbour)
    assert stopped.message.title == "Harbour & Vale Accountants is not connected to Xero Practice Manager"
    harbour.invite()
    assert refusal(harbour).message.key == "connection.not_connected"
    assert calls(harbour) == 0


def test_an_unknown_practice_stops_with_a_message(harbour: Harbour) -> None:
    with pytest.raises(Stopped) as stopped, practice_access(harbour.integration, "nowhere"):
        pass
    assert stopped.value.message.key == "preflight.unknown_practice"


@pytest.mark.parametrize("state", ["needs_reconnect", "disconnected", "privilege_lost"])
def test_a_broken_connection_stops_every_sync_without_a_call_until_a_reconnect(connected: Harbour, state: str) -> None:
    if state == "needs_reconnect":
        connected.world.grants.revoke(MERE)
    elif state == "disconnected":
        connected.world.connections.remove(lambda known: known.tenant_type == PRACTICE)
    else:
        connected.at_xero(MERE, privilege=False)
    refusal(connected)
    asked = calls(connected)
    assert refusal(connected).message.key == f"connection.{state}"
    assert calls(connected) == asked
    assert overview(connected.integration, connected.slug).message.key == f"state.{state}"

    assert connected.connect(SAM, run="run-1").key == "connection.reset"
    assert staff(connected)
