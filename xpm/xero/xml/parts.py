"""Reads a record although some of its parts cannot be read: those are left out, each with its reason.

Only what a record must have, its key, decides over it. A nested record without its own key is left out whole.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from xpm.xero.models import XpmRecord
from xpm.xero.models.nested import nested_model, required_tags
from xpm.xero.models.scalars import as_key
from xpm.xero.records import LeftOut
from xpm.xero.xml.shape import Bad

M = TypeVar("M", bound=XpmRecord)

_MOST_REASONS = 5  # faults of a record that are named; one is usually enough to understand it

Path = tuple[str | int, ...]
Content = dict[str, Any]


@dataclass(frozen=True)
class ReadParts(Generic[M]):
    """What could be read of a record, and what was left out. `record` is `None` if its key could not be read."""

    record: M | None
    left_out: tuple[LeftOut, ...]
    parts: str
    reason: str


def read_parts(model: type[M], content: Content, error: ValidationError) -> ReadParts[M]:
    """Read what can be read of the content of a record, which the model refused with this error."""
    faults = error.errors(include_url=False, include_context=False)
    paths = _outermost([_part(model, fault) for fault in faults])
    parts, reason = _named([_shown(path) for path in paths]), reason_of(error)
    if any(len(path) == 1 and path[0] in required_tags(model) for path in paths):
        return ReadParts(None, (), parts, reason)
    left_out = tuple(_left_out(model, content, path) for path in paths)
    return ReadParts(model.model_validate(_without(content, paths)), left_out, parts, reason)


def reason_of(error: ValidationError) -> str:
    """Say which fields of a record are wrong and why, without their values."""
    faults = error.errors(include_url=False, include_context=False)
    return _named([f"{_shown(fault['loc'])}: {_why(fault)}" for fault in faults], "; ")


def _why(fault: ErrorDetails) -> str:
    given = fault["input"]
    return given.reason if isinstance(given, Bad) else fault["msg"]


def _named(names: Sequence[str], between: str = ", ") -> str:
    more = len(names) - _MOST_REASONS
    return between.join(names[:_MOST_REASONS]) + (f"{between}and {more} more" if more > 0 else "")


def _shown(path: Path) -> str:
    return ".".join(map(str, path))


def _part(model: type[XpmRecord], fault: ErrorDetails) -> Path:
    """The part to leave out: what is at fault, or the nested record whose key is."""
    path = fault["loc"]
    *_, owner = _models_along(model, path)
    return path[:-1] if len(path) > 1 and path[-1] in required_tags(owner) else path


def _outermost(paths: Sequence[Path]) -> list[Path]:
    """The parts that are in no other, once each: with a nested record, everything in it is left out."""
    parts = dict.fromkeys(paths)
    return [path for path in parts if not any(path[:end] in parts for end in range(len(path)))]


def _models_along(model: type[XpmRecord], path: Path) -> Iterator[type[XpmRecord]]:
    """The model of each nested record on the way to the last step of a path."""
    yield model
    for step in path[:-1]:
        if isinstance(step, str):
            nested = nested_model(model.model_fields[_field(model, step)].annotation)
            model = nested or model
            yield model


def _without(content: Content, paths: Sequence[Path]) -> Content:
    """The content without these parts. Of a list, items are left out at last, so that the places stay right."""
    gone = {path[: place + 1] for path in paths for place in range(len(path))} - set(paths)

    def keep(value: Any, path: Path) -> Any:  # noqa: ANN401 - a part of the content
        if path and path not in gone:
            return value
        if isinstance(value, list):
            return [keep(item, (*path, at)) for at, item in enumerate(value) if (*path, at) not in left]
        return {tag: keep(part, (*path, tag)) for tag, part in value.items() if (*path, tag) not in left}

    left = set(paths)
    kept: Content = keep(content, ())
    return kept


def _left_out(model: type[XpmRecord], content: Content, path: Path) -> LeftOut:
    first, *rest = path
    field = _field(model, str(first))
    nested = nested_model(model.model_fields[field].annotation)
    if not rest or nested is None:
        return LeftOut(field)
    if isinstance(rest[0], str):
        return LeftOut(field, inner=_field(nested, rest[0]))
    item, inner = content[str(first)][rest[0]], rest[1:]
    if isinstance(item, Bad) or not inner:
        return LeftOut(field, _own_key(item))
    key = _own_key(item)
    return LeftOut(field, rest[0] if key is None else key, _field(nested, str(inner[0])))


def _own_key(item: object) -> str | None:
    key = item.key if isinstance(item, Bad) else item.get("UUID") if isinstance(item, dict) else None
    return as_key(key) if isinstance(key, str) else None


@lru_cache
def _fields(model: type[XpmRecord]) -> dict[str, str]:
    return {field.alias or name: name for name, field in model.model_fields.items()}


def _field(model: type[XpmRecord], tag: str) -> str:
    return _fields(model)[tag]
