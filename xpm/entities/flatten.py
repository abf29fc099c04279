"""Flattens a record's fields into columns: references become two columns, children become JSON text."""

from collections.abc import Callable
from functools import cache
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import TypeAdapter

from xpm.xero.models import XpmRecord

NO_CHILDREN = "[]"

Part = Callable[[Any, dict[str, object]], None]
"""Takes a field's value and writes its columns."""


def columns_of(record: XpmRecord, *, without: frozenset[str] = frozenset()) -> dict[str, object]:
    """The columns of one record, named as the store names them, leaving out the fields in `without`."""
    plain, parts = _parts(type(record), without)
    values = vars(record)
    columns = {name: values[name] for name in plain}
    for name, write in parts:
        write(values[name], columns)
    return columns


@cache
def _parts(model: type[XpmRecord], without: frozenset[str]) -> tuple[tuple[str, ...], tuple[tuple[str, Part], ...]]:
    """The fields that are columns as they are, and how the others are written; worked out once for a model, since
    records come by the ten thousand."""
    fields = {name: info.annotation for name, info in model.model_fields.items() if name not in without}
    parts = {name: _part(name, annotation) for name, annotation in fields.items()}
    plain = tuple(name for name, part in parts.items() if part is None)
    return plain, tuple((name, part) for name, part in parts.items() if part)


def _part(field: str, annotation: Any) -> Part | None:  # noqa: ANN401 - whatever a model annotates
    if get_origin(annotation) is tuple:
        return _children(field, TypeAdapter(annotation))
    nested = [kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType]
    if len(nested) == 1 and isinstance(nested[0], type) and issubclass(nested[0], XpmRecord):
        return _reference(field, nested[0])
    return None


def _children(field: str, adapter: TypeAdapter[Any]) -> Part:
    to_json = adapter.serializer.to_json

    def write(value: object, columns: dict[str, object]) -> None:
        columns[field] = to_json(value).decode() if value else NO_CHILDREN

    return write


def _reference(field: str, nested: type[XpmRecord]) -> Part:
    """Spread a single nested element (`Manager/UUID`, `Manager/Name`) over columns of its own."""
    names = tuple((inner, f"{field}_{inner}") for inner in nested.model_fields)

    def write(value: object, columns: dict[str, object]) -> None:
        for inner, column in names:
            columns[column] = getattr(value, inner, None)

    return write
