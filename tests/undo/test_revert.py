"""After a revert the practice's records are exactly as they were, all or nothing, however the revert is asked for."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sandbox.accounts import edits as xpm_edits
from sandbox.world import MERE
from tests.pull.expected import assert_clients_equal_truth
from tests.pull.house import SCOPE, SLUG, House
from tests.pull.test_alone import FIRST, alive, working_on
from xpm.activity.overview import overview
from xpm.consent.access import require_connected
from xpm.consent.invitation import invite, withdraw
from xpm.consent.preflight import Person
from xpm.entities.names import Entity
from xpm.pull.replay import replay
from xpm.store import activity, leases, people
from xpm.store.consent import connections
from xpm.store.records import edits
from xpm.store.records.kinds import ALL, JOBS, STAFF
from xpm.store.vocabulary import ConnectionState, RunStatus, SyncMode, SyncTrigger
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.forgetting import forget_old_history
from xpm.undo.revert import RevertPreview, RevertRequest, confirmed_choice, done_before, preview, revert
from xpm.words import Stopped, stop

PERSON = "mere.tane@harbourvale.example"
TABLES = sorted({part.table.name for table in ALL.values() for part in table.parts})
AN_HOUR = dt.timedelta(hours=1)


def state(house: House) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of records."""
    return {name: sorted(house.rows(name), key=repr) for name in TABLES}


def take_back(
    house: House,
    changed_since: WhenChangedSince = WhenChangedSince.STOP,
    **chosen: Any,  # noqa: ANN401 - the fields of a request
) -> RevertPreview:
    request = RevertRequest(practice=SLUG, person=PERSON, **chosen)
    seen = preview(house.integration, request)
    revert(house.integration, request, seen, changed_since)
    return seen


def rename_jobs(house: House, count: int) -> list[str]:
    """Rename some jobs in XPM and return their numbers."""
    numbers = [str(job["ID"]) for job in house.truth("jobs")[:count]]
    for number in numbers:
        xpm_edits.change(house.xpm, "jobs", number, {"Name": f"{number}, renamed"})
    return numbers


def edit_job(house: House, number: str) -> None:
    """Change a job in FYI."""
    with house.database.write() as session:
        edits.edit(session, JOBS, SCOPE, house.key_of(number), {"state": "Ours"}, person=PERSON, now=house.clock())


@pytest.mark.also_on_postgresql("the history is read by SQL of its own")
def test_a_flow_run_of_all_entities_is_reverted_row_by_row(house: House) -> None:
    for entity in Entity:
        house.sync(entity, flow_run_id="first")
    before = state(house)
    rename_jobs(house, 3)
    xpm_edits.archive(house.xpm, house.truth("clients")[0]["UUID"])
    xpm_edits.add(house.xpm, "clients", {"Name": "Newcomer"})
    xpm_edits.add(house.xpm, "staff", {"Name": "Newcomer"})
    for entity in Entity:
        house.sync(entity, flow_run_id="second")
    assert state(house) != before
    take_back(house, run="second")
    assert state(house) == before
    take_back(house, run="first")
    assert all(rows == [] for rows in state(house).values())


def test_everything_since_a_moment_is_reverted_and_the_next_sync_brings_it_again(house: House) -> None:
    house.sync(Entity.JOBS)
    before = state(house)
    house.clock.ahead += AN_HOUR
    moment = house.clock()
    rename_jobs(house, 2)
    house.sync(Entity.JOBS)
    rename_jobs(house, 4)
    house.sync(Entity.JOBS)
    take_back(house, since=moment)
    assert state(house) == before
    assert house.sync(Entity.JOBS).changed == 4


def test_a_revert_is_a_recorded_run_and_can_be_reverted(house: House) -> None:
    house.sync(Entity.STAFF, flow_run_id="sync")
    after = state(house)
    take_back(house, run="sync", flow_run_id="revert")
    run = house.runs()[-1]
    assert (run.trigger, run.status, run.person) == (SyncTrigger.REVERT, RunStatus.SUCCESS, PERSON)
    assert run.removed == len(after["staff"])
    with house.database.read() as session:
        kinds = [entry.kind for entry in activity.recent(session, SLUG, 5)]
    assert "revert.done" in kinds
    take_back(house, run="revert")
    assert state(house) == after


@pytest.mark.also_on_postgresql("the history is read by SQL of its own")
def test_records_that_a_person_changed_since_stop_the_revert_unless_told_what_to_do(house: House) -> None:
    house.sync(Entity.JOBS)
    before = state(house)
    renamed = rename_jobs(house, 3)
    house.sync(Entity.JOBS, flow_run_id="sync")
    edit_job(house, renamed[0])
    changed = state(house)
    with pytest.raises(Stopped) as stopped:
        take_back(house, run="sync")
    assert stopped.value.message.key == "revert.changed_since"
    assert state(house) == changed
    seen = take_back(house, WhenChangedSince.KEEP, run="sync")
    assert [(one.record, one.by) for one in seen.named] == [(renamed[0], PERSON)]
    names = {row["number"]: row["state"] for row in house.rows("job")}
    assert names[renamed[0]] == "Ours"
    take_back(house, WhenChangedSince.OVERWRITE, run="sync")
    assert state(house)["job"] == before["job"]


def test_a_revert_is_refused_if_records_changed_after_the_preview(house: House) -> None:
    house.sync(Entity.JOBS, flow_run_id="sync")
    request = RevertRequest(practice=SLUG, run="sync")
    seen = preview(house.integration, request)
    edit_job(house, str(house.truth("jobs")[0]["ID"]))
    with pytest.raises(Stopped) as stopped:
        revert(house.integration, request, seen, WhenChangedSince.OVERWRITE)
    assert stopped.value.message.key == "revert.changed_meanwhile"
    assert len(house.rows("job")) == 12


def test_a_retried_revert_is_not_done_twice(house: House) -> None:
    house.sync(Entity.STAFF, flow_run_id="sync")
    request = RevertRequest(practice=SLUG, run="sync", flow_run_id="revert")
    seen = preview(house.integration, request)
    summary = revert(house.integration, request, seen, WhenChangedSince.STOP)
    assert revert(house.integration, request, seen, WhenChangedSince.STOP) == summary
    assert done_before(house.integration, request) == summary
    assert [run.trigger for run in house.runs()].count(SyncTrigger.REVERT) == 1


def test_a_revert_does_not_disturb_a_sync_that_goes_on(house: House) -> None:
    house.sync(Entity.STAFF, flow_run_id="sync")

    def sign() -> None:
        with house.database.write() as session:
            leases.acquire(session, f"sync/{SLUG}/staff", "somebody", house.clock())

    sign()
    house.clock.meanwhile.append(sign)
    with pytest.raises(Stopped) as stopped:
        take_back(house, run="sync")
    assert stopped.value.message.key == "sync.already_running_elsewhere"
    assert house.rows("staff")


def test_a_revert_refused_because_of_a_sync_links_to_that_sync(house: House) -> None:
    house.sync(Entity.STAFF, flow_run_id="sync")
    with working_on(house, Entity.STAFF, FIRST) as work, alive(house, work), pytest.raises(Stopped) as stopped:
        take_back(house, run="sync")
    assert f"Follow it here: http://127.0.0.1:4280/runs/{FIRST}." in stopped.value.message.text
    assert house.rows("staff")


def test_after_a_revert_the_next_sync_of_changes_reads_everything(house: House) -> None:
    house.sync(Entity.STAFF)
    for mode in (SyncMode.FULL, SyncMode.CHANGES):
        house.sync(Entity.CLIENTS, mode, flow_run_id=str(mode))
    take_back(house, run="full")
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).added == len(house.truth("clients"))


@pytest.mark.parametrize("chosen", [{"run": "unknown"}, {"since": dt.datetime(2100, 1, 1, tzinfo=dt.UTC)}])
def test_an_unknown_run_is_refused(house: House, chosen: dict[str, Any]) -> None:
    house.sync(Entity.STAFF)
    with pytest.raises(Stopped) as stopped:
        preview(house.integration, RevertRequest(practice=SLUG, **chosen))
    assert stopped.value.message.key == "revert.no_run"


def refused(house: House, **chosen: Any) -> str:  # noqa: ANN401 - the fields of a request
    """The key of the message with which a preview is refused."""
    with pytest.raises(Stopped) as stopped:
        preview(house.integration, RevertRequest(practice=SLUG, **chosen))
    return stopped.value.message.key


@pytest.mark.parametrize("chosen", [{}, {"run": "sync", "since": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}])
def test_either_one_run_or_a_moment_has_to_be_named(house: House, chosen: dict[str, Any]) -> None:
    assert refused(house, **chosen) == "revert.choose_one"


def test_only_a_person_known_to_fyi_can_ask_for_a_revert(house: House) -> None:
    house.sync(Entity.STAFF, flow_run_id="sync")
    assert refused(house, run="sync", person="nobody@harbourvale.example") == "preflight.user_unknown"


def test_a_moment_without_a_zone_is_in_the_practices_time_zone(house: House) -> None:
    house.sync(Entity.STAFF)
    began = house.runs()[0].started_at.astimezone(ZoneInfo("Australia/Sydney")).replace(tzinfo=None)
    seen = preview(house.integration, RevertRequest(practice=SLUG, since=began))
    assert len(seen.run_ids) == 1
    assert refused(house, since=began + dt.timedelta(seconds=1)) == "revert.no_run"


def test_a_run_whose_history_is_incomplete_is_not_reverted(house: House) -> None:
    house.sync(Entity.JOBS, flow_run_id="old")
    before = house.clock()
    house.clock.ahead += dt.timedelta(days=60)
    house.sync(Entity.STAFF, flow_run_id="new")
    house.clock.ahead += dt.timedelta(days=31)
    assert refused(house, since=before - AN_HOUR) == "revert.too_old"
    assert preview(house.integration, RevertRequest(practice=SLUG, run="new")).records
    assert forget_old_history(house.integration, house.clock()) > 0
    kept_longer = house.with_settings(xpm_history_days=365)
    assert refused(kept_longer, since=before - AN_HOUR) == "revert.too_old"
    assert preview(kept_longer.integration, RevertRequest(practice=SLUG, run="new")).records


@pytest.mark.also_on_postgresql("one path of the rule")
def test_a_run_that_began_by_a_clock_far_behind_is_reverted_while_older_history_is_kept(house: House) -> None:
    house.sync(Entity.JOBS)
    house.clock.ahead -= dt.timedelta(days=120)
    house.sync(Entity.STAFF, flow_run_id="behind")
    house.clock.ahead += dt.timedelta(days=120)
    assert preview(house.integration, RevertRequest(practice=SLUG, run="behind")).records


def test_keeping_changed_records_is_refused_if_all_were_changed(house: House) -> None:
    house.sync(Entity.JOBS)
    (renamed,) = rename_jobs(house, 1)
    house.sync(Entity.JOBS, flow_run_id="sync")
    edit_job(house, renamed)
    with pytest.raises(Stopped) as stopped:
        take_back(house, WhenChangedSince.KEEP, run="sync")
    assert stopped.value.message.key == "revert.changed_since"
    assert [run.trigger for run in house.runs()] == [SyncTrigger.MANUAL] * 2


def test_a_fingerprint_identifies_the_preview_and_the_choice(house: House) -> None:
    house.sync(Entity.JOBS, flow_run_id="sync")
    request = RevertRequest(practice=SLUG, run="sync")
    seen = preview(house.integration, request)
    assert {confirmed_choice(seen, seen.fingerprint(choice)) for choice in WhenChangedSince} == set(WhenChangedSince)
    edit_job(house, str(house.truth("jobs")[0]["ID"]))
    with pytest.raises(Stopped) as stopped:
        confirmed_choice(preview(house.integration, request), seen.fingerprint(WhenChangedSince.KEEP))
    assert stopped.value.message.key == "revert.changed_meanwhile"


def test_a_run_that_changed_nothing_cannot_be_reverted(house: House) -> None:
    house.sync(Entity.STAFF)
    house.sync(Entity.STAFF, flow_run_id="idle")
    with pytest.raises(Stopped) as stopped:
        preview(house.integration, RevertRequest(practice=SLUG, run="idle"))
    assert stopped.value.message.key == "revert.nothing"


def test_a_connection_without_records_is_set_aside_until_somebody_reconnects(house: House) -> None:
    house.sync(Entity.STAFF, flow_run_id="sync")
    take_back(house, run="sync")
    with house.database.read() as session:
        connection = connections.get(session, SLUG)
    assert (connection.state, connection.tenant_id) == (ConnectionState.NEEDS_RECONNECT, None)
    with pytest.raises(Stopped) as stopped:
        require_connected(house.integration, house.integration.practice(SLUG))
    assert stopped.value.message.key == "connection.set_aside"
    assert overview(house.integration, SLUG).message.key == "state.set_aside"


def test_a_revert_that_would_set_the_connection_aside_is_refused_during_a_reconnect(house: House) -> None:
    house.sync(Entity.STAFF, flow_run_id="sync")
    with house.database.read() as session:
        mere = people.by_email(session, SLUG, MERE)
    assert mere
    person = Person(id=mere.id, name=mere.name, email=mere.email)
    invite(house.integration, SLUG, person, minutes=30, flow_run_id="reconnect")
    before = state(house)
    with pytest.raises(Stopped) as stopped:
        take_back(house, run="sync")
    assert (stopped.value.message.key, state(house)) == ("revert.reconnecting", before)
    withdraw(house.integration, SLUG, stop("runbook.cancelled"), flow_run_id="reconnect")
    take_back(house, run="sync")
    with house.database.read() as session:
        assert connections.get(session, SLUG).state is ConnectionState.NEEDS_RECONNECT


def test_a_connection_that_still_has_records_stays(house: House) -> None:
    house.sync(Entity.JOBS)
    house.sync(Entity.STAFF, flow_run_id="sync")
    take_back(house, run="sync")
    require_connected(house.integration, house.integration.practice(SLUG))


def test_a_reverted_contact_of_an_unchanged_client_returns_with_the_next_sync(house: House) -> None:
    house.sync(Entity.CLIENTS, flow_run_id="first")
    contact = next(client for client in house.truth("clients") if client.get("Contacts"))["Contacts"][0]["UUID"]
    having = [
        client for client in house.truth("clients") if contact in {one["UUID"] for one in client["Contacts"] or []}
    ]
    for client in having:
        contacts = [{**one, "Mobile": "0400 000 001"} if one["UUID"] == contact else one for one in client["Contacts"]]
        xpm_edits.change(house.xpm, "clients", client["UUID"], {"Contacts": contacts})
    house.sync(Entity.CLIENTS, flow_run_id="mobile")
    for client in having:
        xpm_edits.change(house.xpm, "clients", client["UUID"], {"Website": "https://new.example"})
    house.sync(Entity.CLIENTS, flow_run_id="site")
    take_back(house, WhenChangedSince.KEEP, run="mobile")
    house.sync(Entity.CLIENTS)
    assert_clients_equal_truth(house)


def test_a_change_between_two_reverted_runs_is_kept_unless_asked(house: House) -> None:
    house.sync(Entity.STAFF)
    house.clock.wait(60)
    moment, one = house.clock(), house.truth("staff")[0]["UUID"]
    xpm_edits.change(house.xpm, "staff", one, {"Phone": "1"})
    house.sync(Entity.STAFF)
    with house.database.write() as session:
        edits.edit(session, STAFF, SCOPE, one, {"fyi_status": "active"}, person=PERSON, now=house.clock())
    house.clock.wait(60)
    xpm_edits.change(house.xpm, "staff", one, {"Phone": "2"})
    house.sync(Entity.STAFF)
    seen = preview(house.integration, RevertRequest(practice=SLUG, person=PERSON, since=moment))
    assert seen.changed_since == 1
    with pytest.raises(Stopped):
        take_back(house, since=moment)
    assert next(row["fyi_status"] for row in house.rows("staff") if row["uuid"] == one) == "active"


@pytest.mark.also_on_postgresql("entries are matched with the history by SQL")
def test_a_record_that_a_revert_removed_leaves_the_quarantine_and_no_replay_brings_it_back(house: House) -> None:
    house.sync(Entity.STAFF)
    before, moment = state(house), house.clock()
    places = len(house.truth("staff"))
    new = xpm_edits.add(house.xpm, "staff", {"Name": "New"})["UUID"]
    house.sync(Entity.STAFF)
    house.order("bad_record", "staff.api/list", nth=places + 1)
    house.sync(Entity.STAFF)
    house.calm()
    assert [entry.record_key for entry in house.aside()] == [new]
    with house.database.write() as session:
        entry = house.aside()[0]
        entry.payload = f"<Staff><UUID>{new}</UUID><Name>New</Name></Staff>"
        session.merge(entry)
    take_back(house, since=moment)
    assert house.aside() == []
    replay(house.integration, SLUG)
    assert state(house) == before


def test_a_record_that_could_never_be_read_stays_in_quarantine_after_a_revert(house: House) -> None:
    house.sync(Entity.STAFF)
    moment, places = house.clock(), len(house.truth("staff"))
    unread = xpm_edits.add(house.xpm, "staff", {"Name": "Unreadable"})["UUID"]
    xpm_edits.add(house.xpm, "staff", {"Name": "New"})
    house.order("bad_record", "staff.api/list", nth=places + 1)
    house.sync(Entity.STAFF)
    take_back(house, since=moment)
    assert [entry.record_key for entry in house.aside()] == [unread]
