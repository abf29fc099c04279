"""Compares an entity's model, row and table: every field that Xero sends needs a column, and every column a source."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from typing_extensions import get_type_hints

from xpm.entities.entity import ListedKind
from xpm.entities.row import Children
from xpm.store.tables import StoreTable
from xpm.xero.models import XpmRecord

EXAMPLES: Mapping[object, object] = {
    str: "x",
    int: 1,
    bool: True,
    Decimal: Decimal("1.5"),
    date: date(2026, 3, 31),
    datetime: datetime(2026, 3, 31, 12),  # noqa: DTZ001 - as XPM writes it
}


def differences(kind: ListedKind[Any]) -> Iterator[str]:
    """Each field that is not stored and each column that is not filled, by name."""
    record = filled(kind.model)
    row, table = kind.row(record), kind.table
    yield from _unequal(table.name, row.columns, table.columns)
    sides = (("owned", row.owned, table.owned), ("shared", row.shared, table.shared))
    for what, filled_tables, known_tables in sides:
        yield from _unequal(f"{table.name}, {what}", filled_tables, known_tables)
        for name in filled_tables.keys() & known_tables.keys():
            yield from _unequal(name, filled_tables[name][0], known_tables[name].columns)
    yield from _lost_in_children(kind)
    for column, part in parts_in_json(kind).items():
        yield from _unlike_the_part(f"{table.name}.{column}", json.loads(str(row.columns[column]))[0], part)


def filled(model: type[XpmRecord]) -> Any:  # noqa: ANN401 - a record of that model
    """A record with a value in every field."""
    return model(**{name: _example(info.annotation) for name, info in model.model_fields.items()})


def parts_in_json(kind: ListedKind[Any]) -> dict[str, Any]:
    """The columns that hold nested records as JSON text, each with the `TypedDict` that describes one."""
    fields = table_of(kind).model_fields
    return {name: get_args(info.annotation)[0] for name, info in fields.items() if get_origin(info.annotation) is list}


def table_of(kind: ListedKind[Any]) -> type[StoreTable]:
    """The class of the kind's main table."""
    (found,) = [model for model in _below(StoreTable) if getattr(model, "__table__", None) is kind.table.table]
    return found


def _below(model: type[StoreTable]) -> Iterator[type[StoreTable]]:
    for child in model.__subclasses__():
        yield child
        yield from _below(child)


def _example(annotation: Any) -> object:  # noqa: ANN401 - whatever a model annotates
    if get_origin(annotation) is Annotated:
        return _example(get_args(annotation)[0])
    if get_origin(annotation) is tuple:
        return (_example(get_args(annotation)[0]),)
    if get_origin(annotation) in (Union, UnionType):
        return _example(get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, XpmRecord):
        return filled(annotation)
    return EXAMPLES[annotation]


def _unequal(where: str, given: Any, wanted: Any) -> Iterator[str]:  # noqa: ANN401 - sets of names, or mappings by name
    yield from (f"{where}: {name} has no column" for name in sorted(set(given) - set(wanted)))
    yield from (f"{where}: nothing fills {name}" for name in sorted(set(wanted) - set(given)))


def _lost_in_children(kind: ListedKind[Any]) -> Iterator[str]:
    """Fields of nested records that no side table has a column for."""
    taken: dict[str, set[str]] = {}
    for children in (*kind.row.owned, *kind.row.shared):
        taken.setdefault(children.field, set()).update(_fields_of(kind, children))
    for field, names in taken.items():
        lost = _child_model(kind, field).model_fields.keys() - names
        yield from (f"{kind.table.name}.{field}: {name} has no column" for name in sorted(lost))


def _fields_of(kind: ListedKind[Any], children: Children) -> set[str]:
    if children.columns:
        return {field for field, _ in children.columns}
    return set(_child_model(kind, children.field).model_fields) - children.without


def _child_model(kind: ListedKind[Any], field: str) -> type[XpmRecord]:
    model: type[XpmRecord] = get_args(kind.model.model_fields[field].annotation)[0]
    return model


def _unlike_the_part(where: str, sent: Mapping[str, object], part: Any) -> Iterator[str]:  # noqa: ANN401 - a TypedDict
    """Where a nested record in JSON differs from its `TypedDict`, at any depth."""
    hints = get_type_hints(part)
    yield from _unequal(where, sent, hints)
    for name, value in sent.items():
        if isinstance(value, list) and name in hints:
            yield from _unlike_the_part(f"{where}.{name}", value[0], get_args(hints[name])[0])
