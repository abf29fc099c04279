"""What a person should look at is found in the stored records, without any state of its own."""

import pytest

from sandbox.accounts import edits
from tests.pull.house import SLUG, House
from xpm.activity.attention import FIRST, look
from xpm.entities.names import Entity
from xpm.store import people
from xpm.store.attention import Found
from xpm.words import Stopped


@pytest.fixture
def house(house: House) -> House:
    """A practice without archived clients, before its first sync."""
    house.change_settings(include_archived_clients=False)
    return house


def findings(house: House) -> dict[str, Found]:
    """The findings, by the key of their sentence."""
    return {finding.message.key.removeprefix("attention."): finding.found for finding in look(house.integration, SLUG)}


def keys(found: Found) -> set[str | None]:
    """The keys of the first records of a finding."""
    return {one.key for one in found.first}


def not_users(house: House) -> set[str]:
    """The current staff who are no FYI users."""
    with house.database.read() as session:
        users = {user.email for user in people.of(session, SLUG)}
    return {row["uuid"] for row in house.rows("staff") if row["archived_at"] is None and row["email"] not in users}


def test_a_practice_that_was_never_synchronised_has_nothing_to_look_at(house: House) -> None:
    assert findings(house) == {}


def test_an_unknown_practice_is_named_in_the_refusal(house: House) -> None:
    with pytest.raises(Stopped, match="no practice called"):
        look(house.integration, "nowhere")


def test_staff_wait_until_they_are_accepted(house: House) -> None:
    house.sync(Entity.STAFF)
    assert keys(findings(house)["staff_waiting"]) == not_users(house)
    assert len(not_users(house)) == len(house.active("staff", "uuid")) - 1  # Mere, who connected
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE staff SET fyi_status = 'active'")
    assert findings(house) == {}


def test_records_deleted_in_xpm_are_listed_by_kind(house: House) -> None:
    for entity in (Entity.CLIENTS, Entity.JOBS, Entity.STAFF):
        house.sync(entity)
    gone = {"clients": "UUID", "jobs": "ID", "staff": "UUID"}
    deleted = {kind: house.truth(kind)[0][key] for kind, key in gone.items()}
    for kind, key in deleted.items():
        edits.delete(house.xpm, kind, key)
        house.sync(Entity(kind))
    found = findings(house)
    assert {kind: keys(found[f"{kind}_deleted"]) for kind in gone} == {kind: {key} for kind, key in deleted.items()}


@pytest.mark.also_on_postgresql("names are compared in SQL")
def test_an_archived_client_with_the_name_of_an_active_one_may_have_been_merged_into_it(house: House) -> None:
    kept, loser = (edits.add(house.xpm, "clients", {"Name": "Māhina Trust"})["UUID"] for _ in range(2))
    house.sync(Entity.CLIENTS)
    assert "clients_merged" not in findings(house)
    edits.archive(house.xpm, loser)
    house.sync(Entity.CLIENTS)
    (pair,) = findings(house)["clients_merged"].first
    assert (pair.key, pair.name, pair.detail) == (loser, "Māhina Trust", kept)


def test_jobs_whose_client_fyi_does_not_have_are_listed_until_it_comes(house: House) -> None:
    house.sync(Entity.JOBS)
    lost = findings(house)["jobs_without_client"]
    assert lost.count == len(house.active("job", "number"))
    house.change_settings(include_archived_clients=True)
    house.sync(Entity.CLIENTS)
    nobodys = {job["ID"] for job in house.truth("jobs") if not job.get("Client")}
    assert keys(findings(house)["jobs_without_client"]) == nobodys
    alone = edits.add(house.xpm, "jobs", {"Name": "Nobody's", "State": "Planned", "Client": None})["ID"]
    house.sync(Entity.JOBS)
    assert keys(findings(house)["jobs_without_client"]) == {*nobodys, alone}


def test_records_set_aside_are_listed_with_the_reason(house: House) -> None:
    house.order("bad_record", "client.api/list")
    house.sync(Entity.CLIENTS)
    (entry,) = house.aside()
    (one,) = findings(house)["set_aside"].first
    assert (one.key, one.detail) == (entry.record_key, entry.reason)


def test_only_the_first_records_are_named_but_all_are_counted(house: House) -> None:
    for number in range(FIRST + 5):
        edits.add(house.xpm, "staff", {"Name": f"Member {number:02}", "Email": f"m{number}@example.test"})
    house.sync(Entity.STAFF)
    found = findings(house)["staff_waiting"]
    assert (len(found.first), found.count) == (FIRST, len(not_users(house)))
