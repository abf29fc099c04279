"""The watch over one connection: what it checks, what it reports, and how often."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from sandbox.identity.connections import PRACTICE
from sandbox.world import HARBOUR_VALE, LEO, MERE, SAM
from tests.consent.harbour import Harbour
from xpm.activity.staleness import PATIENCE, watch_syncs
from xpm.consent.access import BROKEN, is_broken
from xpm.consent.invitation import CHECKS, require_granted
from xpm.consent.watch import Notice, Sighting, watch_connection
from xpm.entities.names import EVERYTHING, Entity
from xpm.pull.pull import run_pull
from xpm.pull.work import PullRequest
from xpm.store import people, practices
from xpm.store.consent import consents
from xpm.store.pull import runs
from xpm.store.vocabulary import ConnectionState, RunStatus, SyncMode, SyncTrigger
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.revert import RevertRequest, preview, revert
from xpm.words import Stopped

MADE = ["consent.waiting", "consent.granted", "choice.made", "connection.made"]


def look(harbour: Harbour) -> Sighting:
    return watch_connection(harbour.integration, harbour.slug)


def said(harbour: Harbour) -> list[str]:
    """List the entries of Practice Activity since the connection was made."""
    return harbour.entries()[len(MADE) :]


def change(harbour: Harbour, email: str = MERE, **changes: str | bool | dt.date | None) -> None:
    with harbour.database.write() as session:
        people.update(session, harbour.person(email).id, **changes)


def sync(harbour: Harbour, *entities: Entity) -> None:
    for entity in entities:
        request = PullRequest(practice=harbour.slug, entity=entity, mode=SyncMode.FULL, trigger=SyncTrigger.OVERNIGHT)
        run_pull(harbour.integration, request)


def take_back(harbour: Harbour, entity: Entity) -> None:
    with harbour.database.read() as session:
        last = runs.latest(session, harbour.slug)[entity]
    request = RevertRequest(practice=harbour.slug, run=last.id)
    revert(harbour.integration, request, preview(harbour.integration, request), WhenChangedSince.STOP)


def wait(harbour: Harbour, time: dt.timedelta) -> None:
    harbour.world.clock.advance(time.total_seconds())


def test_a_working_connection_is_not_mentioned_and_takes_one_call(connected: Harbour) -> None:
    connected.world.request_log.clear()
    assert look(connected) == Sighting(connected=True)
    assert [seen["path"] for seen in connected.world.request_log.requests() if seen["area"] == "xpm"] == [
        "category.api/list"
    ]
    assert said(connected) == []


def test_a_practice_that_was_never_connected_is_left_alone(harbour: Harbour) -> None:
    assert look(harbour) == Sighting(connected=False)
    assert harbour.world.request_log.requests() == []


def test_a_reconnect_under_way_is_left_alone(connected: Harbour) -> None:
    connected.invite(SAM, "run-1")
    connected.world.request_log.clear()
    assert look(connected) == Sighting(connected=False)
    assert connected.world.request_log.requests() == []


HALF_AN_HOUR = dt.timedelta(minutes=30)


def test_a_reconnect_is_left_alone_for_as_long_as_its_run_may_wait(connected: Harbour) -> None:
    invitation = connected.invite(SAM, "run-1", minutes=30)
    wait(connected, HALF_AN_HOUR - dt.timedelta(seconds=1))
    assert connected.consent(invitation).message.key == "consent.granted"
    connected.choose(invitation)
    for _ in ("the choice", "the name"):
        wait(connected, HALF_AN_HOUR)
        assert look(connected) == Sighting(connected=False)
    wait(connected, CHECKS - HALF_AN_HOUR)  # errors at Xero during the check of the account
    look(connected)
    assert connected.finish(invitation).key == "connection.reset"


@pytest.mark.parametrize("got_as_far_as", ["the log in", "the choice"])
def test_a_reconnect_whose_machine_died_is_withdrawn_and_the_connection_watched_again(
    connected: Harbour, got_as_far_as: str
) -> None:
    invitation = connected.invite(SAM, "run-1", minutes=30)
    if got_as_far_as == "the choice":
        connected.consent(invitation)
    wait(connected, 3 * HALF_AN_HOUR + CHECKS)
    assert [look(connected) for _ in range(2)] == [Sighting(connected=True)] * 2
    assert said(connected).count("reconnect.abandoned") == 1
    assert connected.connection().state is ConnectionState.CONNECTED
    with pytest.raises(Stopped):
        require_granted(connected.integration, invitation)  # as the run does if it comes back to life


@pytest.mark.parametrize("days", [120, -120])
def test_a_reconnect_that_began_under_a_wrong_clock_keeps_nobody_out_once_it_is_set_right(
    connected: Harbour, days: int
) -> None:
    right = connected.integration.clock
    wrong = replace(connected.integration, clock=lambda: right() + dt.timedelta(days=days))
    replace(connected, integration=wrong).invite(SAM, "run-1", minutes=30)
    assert look(connected) == Sighting(connected=True)
    assert connected.connection().state is ConnectionState.CONNECTED


def test_a_retried_reconnect_gets_the_full_time_again(connected: Harbour) -> None:
    connected.consent(connected.invite(SAM, "run-1"))
    wait(connected, 2 * HALF_AN_HOUR + CHECKS)
    again = connected.invite(SAM, "run-1")
    wait(connected, 2 * HALF_AN_HOUR)
    assert look(connected) == Sighting(connected=False)
    assert connected.finish(again).key == "connection.reset"


def break_it(harbour: Harbour, state: ConnectionState) -> None:
    if state is ConnectionState.NEEDS_RECONNECT:
        harbour.world.grants.revoke(MERE)
    elif state is ConnectionState.DISCONNECTED:
        harbour.world.connections.remove(lambda known: known.tenant_type == PRACTICE)
    else:
        harbour.at_xero(MERE, privilege=False)


@pytest.mark.parametrize("state", sorted(BROKEN))
def test_a_broken_connection_is_announced_once_and_found_each_time(connected: Harbour, state: ConnectionState) -> None:
    break_it(connected, state)
    first, second = look(connected), look(connected)
    assert [(news.notice, news.message.key) for news in first.news] == [(Notice.BROKEN, f"connection.{state}")]
    assert second.news == ()
    assert [one.key for one in first.found] == [one.key for one in second.found] == [f"connection.{state}"]
    assert connected.connection().state is state
    assert said(connected) == [f"connection.{state}"]
    assert is_broken(connected.integration, connected.slug)


@pytest.mark.parametrize("state", [ConnectionState.NEEDS_RECONNECT, ConnectionState.DISCONNECTED])
def test_a_connection_that_only_a_reconnect_can_fix_makes_no_more_calls(
    connected: Harbour, state: ConnectionState
) -> None:
    break_it(connected, state)
    look(connected)
    connected.world.request_log.clear()
    for _ in range(5):
        look(connected)
    assert connected.world.request_log.requests() == []


def test_a_privilege_that_is_given_back_restores_the_connection_and_is_announced_once(connected: Harbour) -> None:
    break_it(connected, ConnectionState.PRIVILEGE_LOST)
    look(connected)
    connected.at_xero(MERE, privilege=True)
    recovered = look(connected)
    assert recovered.connected
    assert (recovered.found, [news.notice for news in recovered.news]) == ((), [Notice.RECOVERED])
    assert look(connected) == Sighting(connected=True)
    assert said(connected) == ["connection.privilege_lost", "watch.recovered"]
    assert not is_broken(connected.integration, connected.slug)


def test_a_lost_privilege_can_turn_into_a_disconnect(connected: Harbour) -> None:
    break_it(connected, ConnectionState.PRIVILEGE_LOST)
    look(connected)
    break_it(connected, ConnectionState.DISCONNECTED)
    assert [news.message.key for news in look(connected).news] == ["connection.disconnected"]
    assert connected.connection().state is ConnectionState.DISCONNECTED


def test_a_used_up_day_is_not_a_finding(connected: Harbour) -> None:
    connected.fault("xpm", "limit", problem="day", retry_after=40_000)
    assert look(connected) == Sighting(connected=True)
    assert said(connected) == []


@pytest.mark.parametrize("area", ["xpm", "connections", "token"])
def test_an_outage_at_xero_is_a_finding_but_changes_nothing(connected: Harbour, area: str) -> None:
    wait(connected, dt.timedelta(hours=1))
    connected.fault(area, "maintenance", times=0)
    before = connected.connection()
    seen = look(connected)
    assert ([one.key for one in seen.found], seen.news) == (["sync.unavailable"], ())
    assert (connected.connection(), said(connected)) == (before, [])


@pytest.mark.parametrize(("days", "asked"), [(6, 0), (8, 1)])
def test_a_consent_that_was_not_renewed_for_a_week_is_renewed(connected: Harbour, days: int, asked: int) -> None:
    """Whether or not the access token is still valid."""
    with connected.database.write() as session:
        consent = consents.get(session, connected.connection().consent_id or "")
        consent.refreshed_at = connected.integration.clock() - dt.timedelta(days=days)
    before = connected.token_requests()
    look(connected)
    look(connected)
    assert connected.token_requests() - before == asked


LEFT, LEAVING = dt.date(2020, 1, 1), dt.date(2090, 1, 1)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"is_active": False}, "watch.holder_inactive"),
        ({"leaving_on": LEFT}, "watch.holder_inactive"),
        ({"leaving_on": LEAVING}, "watch.holder_leaving"),
        ({"is_admin": False}, "watch.holder_not_admin"),
    ],
)
def test_a_person_who_cannot_keep_the_connection_is_announced_once(
    connected: Harbour, changes: dict[str, Any], key: str
) -> None:
    change(connected, **changes)
    first, second = look(connected), look(connected)
    assert [(news.notice, news.message.key) for news in first.news] == [(Notice.HAND_OVER_NEEDED, key)]
    assert "http://127.0.0.1:4280/practices/harbour-vale" in first.news[0].message.next
    assert (second.news, second.found) == ((), first.found)
    assert said(connected) == [key]
    assert connected.connection().state is ConnectionState.CONNECTED


@pytest.mark.also_on_postgresql("the newest row is found by SQL")
def test_a_changed_finding_is_logged_again_and_so_is_its_end(connected: Harbour) -> None:
    for changes in (
        {"leaving_on": LEAVING},
        {"leaving_on": dt.date(2091, 2, 3)},
        {"leaving_on": None},
        {"is_admin": False},
    ):
        change(connected, **changes)
        look(connected)
        look(connected)
    assert said(connected) == [
        "watch.holder_leaving",
        "watch.holder_leaving",
        "watch.holder_well",
        "watch.holder_not_admin",
    ]


def test_a_reconnect_by_somebody_else_ends_the_finding(connected: Harbour) -> None:
    change(connected, is_active=False)
    look(connected)
    wait(connected, dt.timedelta(minutes=1))
    connected.connect(SAM, "run-1")
    assert look(connected) == Sighting(connected=True)
    assert "watch.holder_well" not in said(connected)


def test_a_person_missing_from_the_staff_list_is_found_after_a_sync_of_staff(connected: Harbour) -> None:
    connected.at_xero(MERE, on_staff=False)
    assert look(connected).found == ()
    sync(connected, Entity.STAFF)
    assert [news.message.key for news in look(connected).news] == ["watch.holder_not_in_xpm"]
    assert look(connected).news == ()


def test_reverted_staff_say_nothing_about_a_person(connected: Harbour) -> None:
    sync(connected, Entity.JOBS, Entity.STAFF)
    take_back(connected, Entity.STAFF)
    assert look(connected) == Sighting(connected=True)


def test_a_person_on_the_staff_list_is_not_a_finding(connected: Harbour) -> None:
    sync(connected, Entity.STAFF)
    assert look(connected) == Sighting(connected=True)


def test_missing_permissions_are_logged_once(connected: Harbour) -> None:
    with connected.database.write() as session:
        consents.get(session, connected.connection().consent_id or "").scopes = ["openid", "offline_access"]
    assert [one.key for one in look(connected).found] == ["watch.permissions_missing"]
    assert "practicemanager.staff.read" in look(connected).found[0].title
    assert said(connected) == ["watch.permissions_missing"]


def test_an_entity_that_stopped_being_synchronised_is_logged_once_per_spell(connected: Harbour) -> None:
    sync(connected, *EVERYTHING)
    before = said(connected)
    wait(connected, PATIENCE - dt.timedelta(minutes=1))
    assert watch_syncs(connected.integration, connected.slug) == ()
    wait(connected, dt.timedelta(minutes=2))
    overdue = watch_syncs(connected.integration, connected.slug)
    assert watch_syncs(connected.integration, connected.slug) == overdue
    titles = [one.title.partition(":")[0] for one in overdue]
    assert titles == ["Jobs", "Clients", "Staff", "Custom fields"]  # there is no source of tax returns
    assert said(connected)[len(before) :] == ["watch.stale"] * 4

    sync(connected, Entity.STAFF)
    assert [one.title.partition(":")[0] for one in watch_syncs(connected.integration, connected.slug)] == [
        "Jobs",
        "Clients",
        "Custom fields",
    ]
    wait(connected, PATIENCE)
    watch_syncs(connected.integration, connected.slug)
    assert said(connected).count("watch.stale") == 5


def test_a_revert_does_not_hide_that_syncs_stopped(connected: Harbour) -> None:
    sync(connected, *EVERYTHING)
    wait(connected, PATIENCE - dt.timedelta(hours=1))
    take_back(connected, Entity.STAFF)
    wait(connected, dt.timedelta(hours=2))
    assert "Staff" in [one.title.partition(":")[0] for one in watch_syncs(connected.integration, connected.slug)]


def test_a_sync_of_chosen_records_does_not_hide_that_full_syncs_stopped(connected: Harbour) -> None:
    sync(connected, *EVERYTHING)
    chosen = tuple(client["UUID"] for client in connected.world.accounts[HARBOUR_VALE].clients.records())[:1]
    wait(connected, PATIENCE)
    request = PullRequest(connected.slug, Entity.CUSTOM_FIELDS, SyncMode.FULL, SyncTrigger.MANUAL, records=chosen)
    assert run_pull(connected.integration, request).message.key == "sync.values_chosen"
    assert "Custom fields" in [
        one.title.partition(":")[0] for one in watch_syncs(connected.integration, connected.slug)
    ]


def test_a_skipped_manual_sync_does_not_hide_that_overnight_syncs_stopped(connected: Harbour) -> None:
    with connected.database.write() as session:
        switches = {"maintain_jobs": True}
        practices.change_settings(session, connected.slug, switches, person=None, now=connected.integration.clock())
    sync(connected, *EVERYTHING)
    wait(connected, PATIENCE)
    by_hand = PullRequest(connected.slug, Entity.JOBS, SyncMode.FULL, SyncTrigger.MANUAL, person=LEO)
    assert run_pull(connected.integration, by_hand).status is RunStatus.SKIPPED
    assert "Jobs" in [one.title.partition(":")[0] for one in watch_syncs(connected.integration, connected.slug)]


def test_a_new_connection_has_a_night_to_sync_everything(connected: Harbour) -> None:
    assert watch_syncs(connected.integration, connected.slug) == ()
    wait(connected, PATIENCE)
    without_source = {Entity.TAX_RETURNS}
    assert len(watch_syncs(connected.integration, connected.slug)) == len({*EVERYTHING} - without_source)


def test_a_broken_connection_is_not_also_reported_as_stale(connected: Harbour) -> None:
    break_it(connected, ConnectionState.DISCONNECTED)
    look(connected)
    wait(connected, 2 * PATIENCE)
    assert watch_syncs(connected.integration, connected.slug) == ()


def test_an_unknown_practice_stops_with_a_message(harbour: Harbour) -> None:
    with pytest.raises(Stopped):
        watch_connection(harbour.integration, "nowhere")
