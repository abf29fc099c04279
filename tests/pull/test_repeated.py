"""A record that one list has twice, with different contents, is set aside: nothing tells which of the two is right."""

from collections.abc import Sequence

import pytest

from tests.pull.house import House
from xpm.entities.names import Entity
from xpm.pull import arriving
from xpm.store.vocabulary import RunStatus

AROHA, BEN = (f"00000000-0000-0000-0000-00000000000{number}" for number in (1, 2))
REASON = "XPM sent it more than once, with different contents"


def lists(house: House, *staff: tuple[str, str]) -> None:
    """Let XPM list these staff, by UUID and name, until it is told otherwise."""
    house.calm()
    records = "".join(f"<Staff><UUID>{uuid}</UUID><Name>{name}</Name></Staff>" for uuid, name in staff)
    body = f"<Response><Status>OK</Status><StaffList>{records}</StaffList></Response>"
    house.order("status", "staff.api/list", status=200, body=body, times=0)


def names(house: House) -> dict[str, str]:
    """The names of the current staff in FYI."""
    return {row["uuid"]: row["name"] for row in house.rows("staff") if row["archived_at"] is None}


TWINS = [
    [(AROHA, "Aroha"), (AROHA, "Aroha Ngata"), (BEN, "Ben")],
    [(AROHA, "Aroha"), (BEN, "Ben"), (AROHA, "Aroha"), (AROHA, "Aroha Ngata")],
]


@pytest.mark.parametrize("listed", TWINS)
def test_a_record_that_comes_twice_with_different_contents_stays_as_it_was(
    house: House, listed: Sequence[tuple[str, str]]
) -> None:
    lists(house, (AROHA, "Aroha Mere"), (BEN, "Benjamin"))
    house.sync(Entity.STAFF)
    lists(house, *listed)
    told = house.preview(Entity.STAFF)
    result = house.sync(Entity.STAFF)
    assert (result.status, result.quarantined, result.archived) == (RunStatus.ACTION_REQUIRED, 1, 0)
    assert (told.status, told.quarantined, told.changed) == (RunStatus.ACTION_REQUIRED, 1, result.changed)
    assert names(house) == {AROHA: "Aroha Mere", BEN: "Ben"}
    (aside,) = house.aside()
    assert (aside.record_key, aside.reason) == (AROHA, REASON)
    lists(house, (AROHA, "Aroha Ngata"), (BEN, "Ben"))
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS
    assert (names(house)[AROHA], house.aside()) == ("Aroha Ngata", [])


def test_a_new_record_that_comes_twice_with_different_contents_is_not_stored(house: House) -> None:
    lists(house, (AROHA, "Aroha"), (BEN, "Ben"), (AROHA, "Aroha Ngata"))
    assert house.sync(Entity.STAFF).status is RunStatus.ACTION_REQUIRED
    assert names(house) == {BEN: "Ben"}


def test_the_same_record_twice_is_harmless(house: House) -> None:
    lists(house, (AROHA, "Aroha"), (BEN, "Ben"), (AROHA, "Aroha"))
    for _ in range(2):
        result = house.sync(Entity.STAFF)
        assert (result.status, result.source, result.stored) == (RunStatus.SUCCESS, 2, 2)


@pytest.mark.parametrize(
    "listed",
    [
        [(AROHA, "Aroha"), (BEN, "Ben"), (AROHA, "Aroha Ngata")],
        [(AROHA, "Aroha"), (AROHA, "Aroha Ngata"), (AROHA, "Aroha")],
        [(AROHA, "Aroha Mere"), (BEN, "Ben"), (AROHA, "Aroha Ngata"), (AROHA, "Aroha Ngata")],
    ],
)
@pytest.mark.also_on_postgresql("versions are compared in SQL")
def test_what_differs_in_a_later_batch_is_set_aside_as_well_and_changes_nothing_more(
    house: House, monkeypatch: pytest.MonkeyPatch, listed: Sequence[tuple[str, str]]
) -> None:
    lists(house, (AROHA, "Aroha Mere"), (BEN, "Ben"))
    house.sync(Entity.STAFF)
    monkeypatch.setattr(arriving, "BATCH", 1)
    lists(house, *listed)
    result = house.sync(Entity.STAFF)
    assert (result.status, result.quarantined) == (RunStatus.ACTION_REQUIRED, 1)
    assert names(house)[AROHA] == listed[0][1]
    (aside,) = house.aside()
    assert (aside.record_key, aside.reason) == (AROHA, REASON)


def test_the_same_record_in_a_later_batch_is_harmless(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "BATCH", 1)
    lists(house, (AROHA, "Aroha"), (BEN, "Ben"), (AROHA, "Aroha"))
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS


def test_a_record_of_which_one_copy_cannot_be_read_is_set_aside(house: House) -> None:
    lists(house, (AROHA, "Aroha"))
    house.sync(Entity.STAFF)
    lists(house, (AROHA, "Aroha Ngata"), (BEN, "Ben"), (AROHA, "<b>Aroha</b>"))
    assert house.sync(Entity.STAFF).status is RunStatus.ACTION_REQUIRED
    assert names(house) == {AROHA: "Aroha", BEN: "Ben"}


def test_two_versions_of_one_client_that_was_asked_for_are_set_aside(house: House) -> None:
    house.sync(Entity.CLIENTS)
    uuid, before = min(house.active("client", "uuid")), house.rows("client")
    versions = "".join(f"<Client><UUID>{uuid}</UUID><Name>{name}</Name></Client>" for name in ("One", "Other"))
    body = f"<Response><Status>OK</Status>{versions}</Response>"
    house.order("status", f"client.api/get/{uuid}", status=200, body=body, times=0)
    result = house.sync(Entity.CLIENTS, records=(uuid,))
    assert result.message.title == "Clients: 0 of 1 chosen synchronised, 1 set aside"
    assert REASON in result.message.cause
    assert house.rows("client") == before
