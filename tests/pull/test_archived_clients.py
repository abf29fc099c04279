"""Clients that XPM archived or deleted before FYI knew them are left out, unless the practice wants them."""

import pytest

from sandbox.accounts import edits
from tests.pull.happened import Snapshot, happened, predicted
from tests.pull.house import House
from tests.pull.test_killed import kill_once_it_stops
from tests.pull.worker import sync_and_hold_after_lists
from xpm.entities.names import Entity
from xpm.store.vocabulary import ArchiveReason, RunStatus, SyncMode


@pytest.fixture
def house(house: House) -> House:
    """A practice that leaves archived clients out, with two archived clients and one deleted client."""
    house.change_settings(include_archived_clients=False)
    for name in ("Old Mill Trust", "Old Bakery"):
        edits.archive(house.xpm, edits.add(house.xpm, "clients", {"Name": name})["UUID"])
    edits.add(house.xpm, "clients", {"Name": "Gone Ltd", "IsDeleted": "Yes"})
    return house


def archived(house: House) -> set[str]:
    """The clients that XPM calls archived or deleted."""
    return {
        client["UUID"]
        for client in house.truth("clients")
        if "Yes" in (client.get("IsArchived"), client.get("IsDeleted"))
    }


def stored(house: House) -> set[str]:
    """All clients that FYI has."""
    return {row["uuid"] for row in house.rows("client")}


@pytest.mark.parametrize("mode", SyncMode)
def test_archived_clients_are_not_stored_and_the_summary_counts_them_separately(house: House, mode: SyncMode) -> None:
    result = house.sync(Entity.CLIENTS, mode)
    everyone = {client["UUID"] for client in house.truth("clients")}
    assert stored(house) == everyone - archived(house)
    assert result.status is RunStatus.SUCCESS
    assert result.source == result.stored == len(everyone - archived(house))
    assert (result.archived, result.quarantined) == (0, 0)
    assert house.run(result.run_id).left_out == len(archived(house))
    assert f"{len(archived(house))} that were archived or deleted before" in result.message.cause


def test_archived_clients_are_left_out_of_later_syncs_too(house: House) -> None:
    house.sync(Entity.CLIENTS)
    before = house.rows("client")
    again = house.sync(Entity.CLIENTS)
    assert (again.added, again.archived, house.rows("client")) == (0, 0, before)


@pytest.mark.also_on_postgresql("one path of the rule")
def test_a_client_that_fyi_has_is_archived_and_restored(house: House) -> None:
    house.sync(Entity.CLIENTS)
    client = min(house.active("client", "uuid"))
    edits.archive(house.xpm, client)
    for _ in range(2):
        result = house.sync(Entity.CLIENTS)
        (row,) = [row for row in house.rows("client") if row["uuid"] == client]
        assert row["archived_reason"] is ArchiveReason.ARCHIVED
        assert result.source == result.stored == len(stored(house))
    edits.change(house.xpm, "clients", client, {"IsArchived": "No"})
    assert house.sync(Entity.CLIENTS).restored == 1


def test_an_archived_client_that_xpm_no_longer_has_is_absent_and_both_sides_agree_again(house: House) -> None:
    house.sync(Entity.CLIENTS)
    client = min(house.active("client", "uuid"))
    edits.archive(house.xpm, client)
    house.sync(Entity.CLIENTS)
    position = house.xpm.clients.find(client)
    assert position is not None
    house.xpm.clients.remove(position)
    preview, before = house.preview(Entity.CLIENTS), Snapshot.of(house)
    result = house.sync(Entity.CLIENTS)
    assert predicted(preview.changes) == happened(before, Snapshot.of(house))
    assert result.status is preview.status is RunStatus.SUCCESS
    assert (preview.source, preview.stored) == (result.source, result.stored)
    (row,) = [row for row in house.rows("client") if row["uuid"] == client]
    assert row["archived_reason"] is ArchiveReason.ABSENT


def test_an_archived_client_that_becomes_active_is_added(house: House) -> None:
    house.sync(Entity.CLIENTS)
    client = min(archived(house))
    edits.change(house.xpm, "clients", client, {"IsArchived": "No", "IsDeleted": "No"})
    assert house.sync(Entity.CLIENTS).added == 1
    assert client in house.active("client", "uuid")


def test_with_the_setting_on_archived_clients_are_stored_and_stay_when_it_is_off_again(house: House) -> None:
    house.sync(Entity.CLIENTS)
    missing = len(archived(house))
    house.change_settings(include_archived_clients=True)
    result = house.sync(Entity.CLIENTS)
    assert (result.added, result.message.key) == (missing, "sync.succeeded")
    assert house.active("client", "uuid").isdisjoint(archived(house))
    house.change_settings(include_archived_clients=False)
    result = house.sync(Entity.CLIENTS)
    assert (result.archived, result.source, result.stored) == (0, len(stored(house)), len(stored(house)))


def test_a_dry_run_predicts_what_the_sync_does(house: House) -> None:
    preview, before = house.preview(Entity.CLIENTS), Snapshot.of(house)
    result = house.sync(Entity.CLIENTS)
    assert predicted(preview.changes) == happened(before, Snapshot.of(house))
    assert (preview.source, preview.stored) == (result.source, result.stored)


def test_the_retry_of_a_killed_run_still_reports_how_many_were_left_out(house: House) -> None:
    kill_once_it_stops(house, sync_and_hold_after_lists, Entity.CLIENTS, 2)
    summary = house.sync(Entity.CLIENTS, flow_run_id="killed").message
    assert f"{len(archived(house))} that were archived or deleted before" in summary.cause
