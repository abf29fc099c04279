"""From an XPM record to a row of the store: no field is dropped, and any difference changes the hash."""

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pull.expected import APART, flat
from xpm.entities.clients import CLIENTS
from xpm.entities.custom_fields import values_row
from xpm.entities.registry import DEFINITIONS
from xpm.store.records import kinds
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow
from xpm.store.vocabulary import ArchiveReason
from xpm.xero.models import (
    Client,
    CustomFieldValue,
    XpmRecord,
)
from xpm.xero.models.scalars import LARGEST

KINDS: list[tuple[type[XpmRecord], Callable[[Any], RecordRow], RecordTable]] = [
    (kind.model, kind.row, kind.table)
    for definition in DEFINITIONS.values()
    for kind in (definition.main, *definition.accompanying)
]
CHILDREN = {"assigned", "tasks", "milestones", "notes"}  # parts of a job or a client, in columns of their own
KIND = pytest.mark.parametrize(("model", "to_row", "table"), KINDS, ids=[kind[0].__name__ for kind in KINDS])

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
KEYS = TEXT.filter(str.strip)  # required fields are never empty
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=2)
PLAIN: dict[object, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-LARGEST - 1, LARGEST),
    Decimal: AMOUNTS,
    date: st.dates(),
    datetime: st.datetimes(),
}


def values(annotation: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - whatever a model annotates
    """Any values that a field may have."""
    if get_origin(annotation) is Annotated:
        return values(get_args(annotation)[0])
    if get_origin(annotation) is tuple:
        return st.lists(values(get_args(annotation)[0]), max_size=2).map(tuple)
    if get_origin(annotation) in (Union, UnionType):
        return st.one_of([values(part) for part in get_args(annotation)])
    if isinstance(annotation, type) and issubclass(annotation, XpmRecord):
        return records(annotation)
    return PLAIN[annotation] if annotation in PLAIN else st.from_type(annotation)


def records(model: type[XpmRecord]) -> st.SearchStrategy[Any]:
    """Any records of a model, with any of their fields."""
    fields = {
        info.alias or name: KEYS if info.is_required() and info.annotation is str else values(info.annotation)
        for name, info in model.model_fields.items()
    }
    return st.builds(model, **fields)  # by alias, as the signature has them: what it lacks is made up from its type


@KIND
@settings(max_examples=30)
@given(data=st.data())
def test_every_field_of_a_record_is_in_its_row(
    model: type[XpmRecord], to_row: Callable[[Any], RecordRow], table: RecordTable, data: st.DataObject
) -> None:
    record = data.draw(records(model))
    row = to_row(record)
    children = {name: json.loads(str(row.columns[name])) for name in CHILDREN & row.columns.keys()}
    assert {**row.columns, **children, table.key: row.key} == flat(record, without=APART)
    assert row.columns.keys() == table.columns


@KIND
@settings(max_examples=50)
@given(data=st.data())
def test_two_records_that_differ_in_any_field_have_different_hashes(
    model: type[XpmRecord], to_row: Callable[[Any], RecordRow], table: RecordTable, data: st.DataObject
) -> None:
    record = data.draw(records(model))
    field = data.draw(st.sampled_from(sorted(model.model_fields)))
    other = record.model_copy(update={field: data.draw(values(model.model_fields[field].annotation))})
    assert (to_row(record).content_hash == to_row(other).content_hash) == (record == other)
    assert len(to_row(record).content_hash) == 16


@given(record=records(Client))
def test_the_side_tables_of_a_client_hold_each_child_once_and_whole(record: Client) -> None:
    row = CLIENTS.main.row(record)
    assert {one["contact_uuid"] for one in row.owned["client_contact"]} == {one.uuid for one in record.contacts}
    assert {one["group_uuid"] for one in row.owned["client_group_member"]} == {one.uuid for one in record.groups}
    assert {one["uuid"] for one in row.owned["client_relationship"]} == {one.uuid for one in record.relationships}
    assert {one["uuid"] for one in row.shared["contact"]} == {one.uuid for one in record.contacts}
    for name, owned in (*row.owned.items(), *row.shared.items()):
        side = kinds.CLIENTS.owned.get(name) or kinds.CLIENTS.shared[name]
        assert all(one.keys() == side.columns for one in owned)


@pytest.mark.parametrize(
    ("archived", "deleted", "reason"),
    [
        (False, False, None),
        (True, False, ArchiveReason.ARCHIVED),
        (False, True, ArchiveReason.DELETED),
        (True, True, ArchiveReason.DELETED),
    ],
)
def test_a_client_that_xpm_archived_or_deleted_is_archived(
    archived: bool, deleted: bool, reason: ArchiveReason | None
) -> None:
    assert CLIENTS.main.row(Client(uuid="c-1", is_archived=archived, is_deleted=deleted)).archived is reason


@given(st.lists(records(CustomFieldValue), max_size=3), st.lists(records(CustomFieldValue), max_size=3))
def test_two_sets_of_values_that_differ_have_different_hashes(
    some: list[CustomFieldValue], others: list[CustomFieldValue]
) -> None:
    """The order of values means nothing."""
    same = {value.uuid: value for value in some} == {value.uuid: value for value in others}
    assert (values_row("o", some).content_hash == values_row("o", others).content_hash) == same
    unique = list({value.uuid: value for value in some}.values())
    assert values_row("o", unique) == values_row("o", unique[::-1])
