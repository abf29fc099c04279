"""The shape of a record in XPM's XML, derived from its pydantic model.

Elements may come in any order, unknown elements are counted, and the three forms of an empty element (absent, `<X/>`,
`<X></X>`) are equal.
"""

from dataclasses import dataclass
from functools import lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin
from xml.etree.ElementTree import Element

from xpm.xero.http.bounds import MOST_UNKNOWN
from xpm.xero.models import XpmRecord
from xpm.xero.models.scalars import LONGEST_KEY

_ITEM_TAGS = {"Assigned": "Staff"}  # containers whose items are not named by their singular


@dataclass(frozen=True)
class _Scalar:
    """An element that contains text."""


@dataclass(frozen=True)
class _Single:
    """An element that contains one nested record."""

    shape: "Shape"


@dataclass(frozen=True)
class _Items:
    """An element that contains nested records, each in an element `tag`."""

    tag: str
    shape: "Shape"


@dataclass(frozen=True)
class Shape:
    """What a model expects inside an element. `path` is the element's path, for counting unknown elements."""

    path: str
    elements: dict[str, _Scalar | _Single | _Items]

    def read(self, element: Element, unknown: dict[str, int]) -> dict[str, object]:
        """Turn an element into the input of the model, without empty values."""
        record: dict[str, object] = {}
        for child in element:
            tag = child.tag
            kind = self.elements.get(tag)
            if type(kind) is _Scalar:
                text = child.text if not len(child) else "".join(child.itertext())
                if text and not text.isspace():
                    record[tag] = text
            elif type(kind) is _Items:
                if items := self._items(kind, child, unknown):
                    record[tag] = items
            elif type(kind) is _Single:
                if nested := kind.shape.read(child, unknown):
                    record[tag] = nested
            else:
                count(unknown, f"{self.path}/{tag}")
        return record

    def _items(self, kind: _Items, container: Element, unknown: dict[str, int]) -> list[dict[str, object]]:
        items = []
        for child in container:
            if child.tag != kind.tag:
                count(unknown, f"{self.path}/{container.tag}/{child.tag}")
            elif item := kind.shape.read(child, unknown):
                items.append(item)
        return items


OTHERS = "…"
"""What elements are counted as that come after too many others."""


def count(unknown: dict[str, int], path: str) -> None:
    """Count an element that no model names, up to `MOST_UNKNOWN` different ones. A path is cut to what can be a key."""
    path = path if len(path) <= LONGEST_KEY else f"{path[: LONGEST_KEY - 1]}…"
    path = path if path in unknown or len(unknown) < MOST_UNKNOWN else OTHERS
    unknown[path] = unknown.get(path, 0) + 1


@lru_cache
def shape_of(model: type[XpmRecord], path: str) -> Shape:
    """Derive the shape of a model. Cached for each model and path."""
    elements: dict[str, _Scalar | _Single | _Items] = {}
    for name, field in model.model_fields.items():
        tag = field.alias or name
        nested = _nested_model(field.annotation)
        if nested is None:
            elements[tag] = _Scalar()
        elif _is_tuple(field.annotation):
            item = _ITEM_TAGS.get(tag, tag.removesuffix("s"))
            elements[tag] = _Items(item, shape_of(nested, f"{path}/{tag}/{item}"))
        else:
            elements[tag] = _Single(shape_of(nested, f"{path}/{tag}"))
    return Shape(path, elements)


def _is_tuple(annotation: object) -> bool:
    return get_origin(annotation) is tuple


def _nested_model(annotation: Any) -> type[XpmRecord] | None:  # noqa: ANN401  annotations are of any type
    """Return the record type inside `X`, `X | None` or `tuple[X, ...]`, if any."""
    if _is_tuple(annotation) or get_origin(annotation) in (Union, UnionType):
        return next((model for part in get_args(annotation) if (model := _nested_model(part))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, XpmRecord) else None
