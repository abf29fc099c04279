"""A record that no database can store, or that is too large to be read, is set aside alone: over real HTTP, stored."""

import pytest

from tests.pull.house import House
from xpm.entities.names import Entity
from xpm.store.vocabulary import RunStatus
from xpm.xero.http.bounds import LARGEST_RECORD

pytestmark = pytest.mark.also_on_postgresql("characters and lengths that PostgreSQL refuses")

GOOD = "<Staff><UUID>ana</UUID><Name>Ana</Name></Staff>", "<Staff><UUID>ben</UUID><Name>Ben</Name></Staff>"
FORBIDDEN = "UUID: has a character that cannot be read"
BAD = {
    "NUL in the key": ("<Staff><UUID>b\x00ad</UUID></Staff>", None, FORBIDDEN),
    "a damaged key": (
        f"<Staff><UUID>{'0' * 8}-000!-4000-8000-{'0' * 12}</UUID></Staff>",
        None,
        "UUID: should be a UUID",
    ),
    "an element without its end": ("<Staff><UUID>bad</UUID><Name></Staff>", "bad", "is not well-formed XML"),
    "a bare smaller-than": ("<Staff><UUID>bad</UUID><Name>1 < 2</Name></Staff>", "bad", "is not well-formed XML"),
    "a reference to NUL": ("<Staff><UUID>&#0;</UUID></Staff>", None, FORBIDDEN),
    "an over-long key": (
        f"<Staff><UUID>{'k' * 3_000}</UUID></Staff>",
        None,
        "UUID: should be a UUID, or another key of at most 255",
    ),
    "an over-long key of wide characters": (
        f"<Staff><UUID>{'山' * 256}</UUID></Staff>",
        None,
        "UUID: should be a UUID",
    ),
    "a record that is too large": (
        f"<Staff><UUID>bad</UUID><Name>{'n' * LARGEST_RECORD}</Name></Staff>",
        "bad",
        f"is larger than {LARGEST_RECORD:,} bytes",
    ),
}


def answer(*records: str) -> str:
    return f"<Response><Status>OK</Status><StaffList>{''.join(records)}</StaffList></Response>"


def stored(house: House) -> list[str]:
    return sorted(row["uuid"] for row in house.rows("staff") if row["archived_at"] is None)


@pytest.mark.parametrize(("bad", "key", "reason"), BAD.values(), ids=BAD)
def test_a_hostile_record_is_set_aside_and_the_rest_is_stored(
    house: House, bad: str, key: str | None, reason: str
) -> None:
    for _ in range(2):  # the second time, the record is known to be set aside
        house.order("status", "staff.api/list", status=200, body=answer(GOOD[0], bad, GOOD[1]))
        result = house.sync(Entity.STAFF)
        assert result.status is RunStatus.ACTION_REQUIRED
        assert stored(house) == ["ana", "ben"]
        (aside,) = house.aside()
        assert aside.record_key == key
        assert aside.reason.startswith(reason)
        assert len(aside.payload) <= 4_096


def test_the_longest_keys_can_be_stored_everywhere(house: House) -> None:
    """Two keys in one index entry, each of characters that take four bytes."""
    client, group = "\U0001f4d5" * 255, "\U0001f4d7" * 255
    inside = (
        f"<Client><UUID>{client}</UUID><Groups><Group><UUID>{group}</UUID></Group></Groups>"
        f"<Contacts><Contact><UUID>{group}</UUID></Contact></Contacts></Client>"
    )
    body = f"<Response><Status>OK</Status><Clients>{inside}</Clients></Response>"
    house.order("status", "client.api/list", status=200, body=body)
    result = house.sync(Entity.CLIENTS)
    assert result.quarantined == 0
    assert house.aside() == []


def test_unknown_elements_without_number_are_stored_up_to_a_bound(house: House) -> None:
    strangers = "".join(f"<Shoe{number}>x</Shoe{number}>" for number in range(1_000)) + f"<{'x' * 3_000}/>"
    house.order("status", "staff.api/list", status=200, body=answer(f"<Staff><UUID>ana</UUID>{strangers}</Staff>"))
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS
    assert stored(house) == ["ana"]
