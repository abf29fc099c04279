"""Clients: the only entity that XPM can list by modification time."""

import datetime as dt

import pytest

from sandbox.accounts import edits
from tests.pull.house import House
from xpm.entities.names import Entity
from xpm.pull.plans.plan import OVERLAP
from xpm.store.vocabulary import RunStatus, SyncMode


def since_asked(house: House) -> list[bool]:
    """Whether each client list was asked for with `modifiedsince`."""
    calls = house.server.world.request_log.requests()
    return ["modifiedsince" in call["query_keys"] for call in calls if call["path"] == "client.api/list"]


def test_changes_are_asked_for_by_xeros_clock_and_other_records_stay_untouched(house: House) -> None:
    full = house.sync(Entity.CLIENTS)
    house.server.world.clock.advance(3600)
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
    house.server.world.clock.advance(3600)
    edits.change(house.xpm, "clients", house.truth("clients")[0]["UUID"], {"Phone": "(02) 5550 0103"})
    house.server.world.clock.advance(OVERLAP.total_seconds() - 60)
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).changed == 1
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).unchanged == 1
    house.server.world.clock.advance(120)
    house.sync(Entity.CLIENTS, SyncMode.CHANGES)
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).unchanged == 0


def test_without_an_earlier_successful_run_everything_is_asked_for(house: House) -> None:
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).source == len(house.truth("clients"))
    assert since_asked(house) == [False]


def test_a_run_with_unreadable_records_does_not_move_the_watermark(house: House) -> None:
    """Otherwise the unread records would never be asked for again."""
    house.sync(Entity.CLIENTS)
    house.server.world.clock.advance(3600)
    edits.change(house.xpm, "clients", house.truth("clients")[0]["UUID"], {"Phone": "(02) 5550 0104"})
    house.order("bad_record", "client.api/list")
    spoilt = house.sync(Entity.CLIENTS, SyncMode.CHANGES)
    assert (spoilt.status, house.run(spoilt.run_id).watermark) == (RunStatus.ACTION_REQUIRED, None)
    house.server.world.clock.advance(3600)
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).changed == 1
    assert house.aside() == []


def test_a_run_of_changes_archives_no_missing_client(house: House) -> None:
    house.sync(Entity.CLIENTS)
    stored = house.active("client", "uuid")
    house.xpm.clients.remove(0)
    house.server.world.clock.advance(3600)
    assert house.sync(Entity.CLIENTS, SyncMode.CHANGES).archived == 0
    assert house.active("client", "uuid") == stored
    assert house.sync(Entity.CLIENTS).archived == 1


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
