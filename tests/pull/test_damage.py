"""Damage of any byte of one record costs that record at most, and archives nothing."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pull.house import House
from xpm.entities.names import Entity
from xpm.store.vocabulary import RunStatus, SyncMode
from xpm.xero.errors import UnreadableAnswer

pytestmark = pytest.mark.also_on_postgresql("characters that PostgreSQL refuses")

LISTS = {
    Entity.CLIENTS: ("client.api/list", "client", "uuid"),
    Entity.STAFF: ("staff.api/list", "staff", "uuid"),
    Entity.JOBS: ("job.api/current", "job", "number"),
}
BYTES = st.sampled_from(
    [b"", b"\x00", b"\x0b", b"&", b"<", b">", b"/", b"!", b"?", b"\xe9", b"\xed\xa0\x80", b"&nbsp;", b"x"]
)
thorough = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("entity", LISTS)
@thorough
@given(nth=st.integers(1, 4), at=st.integers(0, 100_000), by=BYTES)
def test_damage_of_one_record_stops_no_other_and_archives_nothing(
    house: House, entity: Entity, nth: int, at: int, by: bytes
) -> None:
    """The damaged record is stored, or set aside with its reason, or the whole answer is refused."""
    path, table, key = LISTS[entity]
    house.calm()
    if not house.rows(table):
        house.sync(entity)
    before = {row[key]: row for row in house.rows(table)}
    house.order("damage", path, nth=nth, at=at, by=by.hex())
    try:
        result = house.sync(entity, SyncMode.FULL)
    except UnreadableAnswer:
        result = None
    after = {row[key]: row for row in house.rows(table)}
    assert after.keys() == before.keys()
    assert {of: row["archived_at"] for of, row in after.items()} == {
        of: row["archived_at"] for of, row in before.items()
    }
    different = [of for of, row in after.items() if _content(row) != _content(before[of])]
    assert len(different) <= 1
    if result and result.status is RunStatus.SUCCESS:
        assert result.source == result.stored
    house.calm()
    assert house.sync(entity).status is RunStatus.SUCCESS
    assert house.aside() == []
    assert {row[key]: _content(row) for row in house.rows(table)} == {of: _content(row) for of, row in before.items()}


def _content(row: dict[str, Any]) -> dict[str, Any]:
    stamps = {"content_hash", "sent_digest", "changed_at", "changed_by_run"}
    return {name: value for name, value in row.items() if name not in stamps}
