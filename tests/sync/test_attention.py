"""What somebody should look at is found in what is stored, without any state of its own."""

import pytest

from sandbox.accounts import edits
from tests.sync.house import SLUG, House
from xpm.activity.attention import FIRST, look
from xpm.entities.names import Entity
from xpm.store.attention import Found
from xpm.words import Stopped


@pytest.fixture
def house(house: House) -> House:
    """A practice without archived clients, before its first sync."""
    house.change_settings(include_archived_clients=False)
    return house


def seen(house: House) -> dict[str, Found]:
    """What there is to look at, by the key of its sentence."""
    return {finding.message.key.removeprefix("attention."): finding.found for finding in look(house.integration, SLUG)}


def keys(found: Found) -> set[str | None]:
    """Of the first records."""
    return {one.key for one in found.first}


def test_a_practice_that_was_never_synchronised_has_nothing_to_look_at(house: House) -> None:
    assert seen(house) == {}


def test_a_practice_that_there_is_not_is_named(house: House) -> None:
    with pytest.raises(Stopped, match="no practice called"):
        look(house.integration, "nowhere")


def test_staff_wait_until_they_are_accepted(house: House) -> None:
    house.sync(Entity.STAFF)
    assert keys(seen(house)["staff_waiting"]) == house.active("staff", "uuid")
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE staff SET fyi_status = 'active'")
    assert seen(house) == {}


def test_what_was_deleted_in_xpm_is_listed_by_its_kind(house: House) -> None:
    for entity in (Entity.CLIENTS, Entity.JOBS, Entity.STAFF):
        house.sync(entity)
    gone = {"clients": "UUID", "jobs": "ID", "staff": "UUID"}
    deleted = {kind: house.truth(kind)[0][key] for kind, key in gone.items()}
    for kind, key in deleted.items():
        edits.delete(house.xpm, kind, key)
        house.sync(Entity(kind))
    found = seen(house)
    assert {kind: keys(found[f"{kind}_deleted"]) for kind in gone} == {kind: {key} for kind, key in deleted.items()}


@pytest.mark.also_on_postgresql("names are compared in SQL")
def test_an_archived_client_with_the_name_of_an_active_one_may_have_been_merged_into_it(house: House) -> None:
    kept, loser = (edits.add(house.xpm, "clients", {"Name": "Māhina Trust"})["UUID"] for _ in range(2))
    house.sync(Entity.CLIENTS)
    assert "clients_merged" not in seen(house)
    edits.archive(house.xpm, loser)
    house.sync(Entity.CLIENTS)
    (pair,) = seen(house)["clients_merged"].first
    assert (pair.key, pair.name, pair.detail) == (loser, "Māhina Trust", kept)


def test_jobs_whose_client_fyi_does_not_have_are_listed_until_it_comes(house: House) -> None:
    house.sync(Entity.JOBS)
    lost = seen(house)["jobs_without_client"]
    assert lost.count == len(house.active("job", "number"))
    house.change_settings(include_archived_clients=True)
    house.sync(Entity.CLIENTS)
    nobodys = {job["ID"] for job in house.truth("jobs") if not job.get("Client")}
    assert keys(seen(house)["jobs_without_client"]) == nobodys
    alone = edits.add(house.xpm, "jobs", {"Name": "Nobody's", "State": "Planned", "Client": None})["ID"]
    house.sync(Entity.JOBS)
    assert keys(seen(house)["jobs_without_client"]) == {*nobodys, alone}


def test_records_set_aside_are_listed_with_the_reason(house: House) -> None:
    house.order("bad_record", "client.api/list")
    house.sync(Entity.CLIENTS)
    (entry,) = house.aside()
    (one,) = seen(house)["set_aside"].first
    assert (one.key, one.detail) == (entry.record_key, entry.reason)


def test_only_the_first_are_named_and_all_are_counted(house: House) -> None:
    for number in range(FIRST + 5):
        edits.add(house.xpm, "staff", {"Name": f"Member {number:02}", "Email": f"m{number}@example.test"})
    house.sync(Entity.STAFF)
    found = seen(house)["staff_waiting"]
    assert (len(found.first), found.count) == (FIRST, len(house.active("staff", "uuid")))
