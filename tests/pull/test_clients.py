"""Clients: the only entity that XPM can list by modification time."""

import datetime as dt

import pytest

from sandbox.accounts import edits
from tests.pull.house import SLUG, House
from xpm.entities.names import Entity
from xpm.pull.plans.plan import OVERLAP
from xpm.store.pull import runs
from xpm.store.vocabulary import RunStatus, SyncMode
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.revert import RevertRequest, preview, revert


def since_asked(house: House) -> list[bool]:
    """Whether each client list was asked for with `modifiedsince`."""
    calls = house.server.world.request_log.requests()
    return ["modifiedsince" in call["query_keys"] for call in calls if call["path"] == "client.api/list"]


def pass_time(house: House, seconds: float) -> None:
    """Let time pass for Xero and for us."""
    house.server.world.clock.advance(seconds)
    house.clock.ahead += dt.timedelta(seconds=seconds)


def test_changes_are_asked_for_by_xeros_clock_and_other_records_stay_untouched(house: House) -> None:
    full = house.sync(Entity.CLIENTS)
    pass_time(house, 3600)
    changed = house.truth("clients")[0]["UUID"]
    edits.change(house.xpm, "clients", changed, {"Phone": "(02) 5550 0102"})
    house.forget_calls()
    result = house.sync(Entity.CLIENTS, SyncMode.CHANGES)
    assert since_asked(house) == [True]
    assert (result.changed, result.unchanged, result.added) == (1, 0, 0)
    assert (result.source, result.stored) == (None, None)
    watermark = house.run(full.run_id).watermark
    assert watermark
    assert house.run(result.run_id).watermark >= watermark + dt.timedelta(minutes=59)  # type: ignore[operator]  # it has one


def test_ranges_overlap_because_xeros_bound_may_not_be_inclusive(house: House) -> None:
    house.sync(Entity.CLIENTS)
    pass_time(house, 3600)
    edits.change(house.xpm, "clients", house.truth("clients")[0]["UUID"], {"Phone": "(02) 5550 0103"})
    pass_time(house, OVERLAP.total_seconds() - 60)
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).changed == 1
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).unchanged == 1
    pass_time(house, 120)
    house.sync(Entity.CLIENTS, SyncMode.CHANGES)
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).unchanged == 0


def test_without_an_earlier_successful_run_everything_is_asked_for(house: House) -> None:
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).source == len(house.truth("clients"))
    assert since_asked(house) == [False]


def test_a_run_with_unreadable_records_does_not_move_the_watermark(house: House) -> None:
    """Otherwise the unread records would never be asked for again."""
    house.sync(Entity.CLIENTS)
    pass_time(house, 3600)
    edits.change(house.xpm, "clients", house.truth("clients")[0]["UUID"], {"Phone": "(02) 5550 0104"})
    house.order("bad_record", "client.api/list")
    spoilt = house.sync(Entity.CLIENTS, SyncMode.CHANGES)
    assert (spoilt.status, house.run(spoilt.run_id).watermark) == (RunStatus.ACTION_REQUIRED, None)
    pass_time(house, 3600)
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).changed == 1
    assert house.aside() == []


def test_a_run_of_changes_archives_no_missing_client(house: House) -> None:
    house.sync(Entity.CLIENTS)
    stored = house.active("client", "uuid")
    house.xpm.clients.remove(0)
    pass_time(house, 3600)
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).archived == 0
    assert house.active("client", "uuid") == stored
    assert house.sync(Entity.CLIENTS, confirm_missing=1).archived == 1


@pytest.mark.also_on_postgresql("one path of the rule")
def test_groups_come_with_clients_and_are_not_counted(house: House) -> None:
    house.sync(Entity.CLIENTS)
    group = edits.add(house.xpm, "groups", {"Name": "Rivers Family"})
    result = house.sync(Entity.CLIENTS)
    assert group["UUID"] in house.active("client_group", "uuid")
    assert (result.added, result.changed) == (0, 0)
    edits.delete(house.xpm, "groups", group["UUID"])
    result = house.sync(Entity.CLIENTS)
    assert group["UUID"] not in house.active("client_group", "uuid")
    assert result.archived == 0


@pytest.mark.parametrize(
    ("entity", "path", "records", "what"),
    [
        (Entity.CLIENTS, "clientgroup.api/list", "groups", "Client groups"),
        (Entity.JOBS, "category.api/list", "categories", "Job categories"),
    ],
)
def test_suspicion_about_an_accompanying_list_is_reported_under_that_lists_name(
    house: House, entity: Entity, path: str, records: str, what: str
) -> None:
    for number in range(3):
        edits.add(house.xpm, records, {"Name": f"Another {number}"})
    house.sync(entity)
    house.order("empty_list", path)
    result = house.sync(entity)
    assert result.status is RunStatus.ACTION_REQUIRED
    assert result.message.title.startswith(f"{what}: {len(house.truth(records))} of {len(house.truth(records))}")


@pytest.mark.parametrize("hours", [1, 11, 24 * 40])  # after 60 days the consent would be over
@pytest.mark.also_on_postgresql("times as stored")
def test_a_date_of_xeros_that_is_ahead_hides_no_later_change(house: House, hours: int) -> None:
    house.server.world.clock.advance(hours * 3600)
    house.sync(Entity.CLIENTS)
    house.server.world.clock.set_right()
    edits.change(house.xpm, "clients", house.truth("clients")[0]["UUID"], {"Phone": "(02) 5550 0105"})
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).changed == 1


@pytest.mark.parametrize("hours", [1, -1, 11, -11, 24 * 120, -24 * 120])
def test_no_change_is_missed_before_during_or_after_a_wrong_clock(house: House, hours: int) -> None:
    house.sync(Entity.CLIENTS)
    for number, ahead in enumerate((hours, 0, hours, 0)):
        changed = house.truth("clients")[number]["UUID"]
        edits.change(house.xpm, "clients", changed, {"Phone": f"(02) 5550 020{number}"})
        house.clock.ahead = dt.timedelta(hours=ahead)
        result = house.sync(Entity.CLIENTS, SyncMode.CHANGES)
        assert (result.status, result.changed) == (RunStatus.SUCCESS, 1)


def test_a_watermark_that_lies_ahead_is_not_believed(house: House) -> None:
    full = house.sync(Entity.CLIENTS)
    with house.database.write() as session:
        runs.get(session, full.run_id).watermark = house.clock() + dt.timedelta(days=1)
    edits.change(house.xpm, "clients", house.truth("clients")[0]["UUID"], {"Phone": "(02) 5550 0106"})
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).changed == 1


def test_a_revert_under_a_clock_that_is_behind_still_makes_the_next_sync_read_everything(house: House) -> None:
    house.sync(Entity.STAFF)
    house.sync(Entity.CLIENTS, flow_run_id="sync")
    house.clock.ahead -= dt.timedelta(hours=11)
    request = RevertRequest(practice=SLUG, run="sync", flow_run_id="revert")
    revert(house.integration, request, preview(house.integration, request), WhenChangedSince.STOP)
    house.clock.ahead = dt.timedelta()
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).added == len(house.truth("clients"))
