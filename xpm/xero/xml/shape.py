"""The shape of a record in XPM's XML, derived from its pydantic model.

Elements may come in any order, unknown elements are counted, and the three forms of an empty element (absent, `<X/>`,
`<X></X>`) are equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from xml.etree.ElementTree import Element

from xpm.xero.http.bounds import MOST_UNKNOWN
from xpm.xero.models import XpmRecord
from xpm.xero.models.nested import is_list, nested_model, required_tags
from xpm.xero.models.scalars import LONGEST_KEY

_ITEM_TAGS = {"Assigned": "Staff"}  # containers whose items are not named by their singular


@dataclass(frozen=True)
class Bad:
    """Stands for a part that cannot be read without guessing. No model takes it. `key` is that of a list's item."""

    reason: str
    key: object = None


TWICE = Bad("comes twice, with different contents")
STRANGE = Bad("has nothing in it that FYI knows")


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
    """What a model expects inside an element. `path` is the element's path, for counting unknown elements.

    `key` is the element that a record of the model must have, if any; `may_repeat` is the model's.
    """

    path: str
    elements: dict[str, _Scalar | _Single | _Items]
    key: str | None
    may_repeat: bool

    def read(self, element: Element, unknown: dict[str, int]) -> dict[str, object]:
        """Turn an element into the input of the model, without empty values. What is ambiguous is `Bad`.

        This is where reading spends its time, so it looks for twins only if there are any.
        """
        record: dict[str, object] = {}
        kind_of, filled = self.elements.get, 0
        for child in element:
            tag = child.tag
            kind = kind_of(tag)
            if isinstance(kind, _Scalar):
                text = child.text if not len(child) else self._text(child, unknown)
                if text and not text.isspace():
                    record[tag] = text
                    filled += 1
            elif kind is None:
                count(unknown, f"{self.path}/{tag}")
            elif value := self._nested(kind, child, unknown):
                record[tag] = value
                filled += 1
        return record if filled == len(record) else record | self._twins(element)

    def _nested(self, kind: _Single | _Items, child: Element, unknown: dict[str, int]) -> object:
        """What a nested element holds. If nothing of it is known, it is not empty: XPM may have renamed its parts."""
        if isinstance(kind, _Items):
            return self._items(kind, child, unknown) or _if_strange(child)
        return kind.shape.read(child, unknown) or _if_strange(child)

    def _twins(self, element: Element) -> dict[str, object]:
        """The elements that come several times, with different contents."""
        found: dict[str, object] = {}
        twins: dict[str, object] = {}
        for child in element:
            (alone := Element(element.tag)).append(child)
            for tag, value in self.read(alone, {}).items():
                if found.setdefault(tag, value) != value:
                    twins[tag] = TWICE
        return twins

    def inside(self, tag: str) -> "Shape":
        """What is expected in a nested record, or in an item of a list."""
        kind = self.elements[tag]
        if isinstance(kind, _Scalar):
            raise TypeError(f"{self.path}/{tag} contains text.")
        return kind.shape

    def _text(self, element: Element, unknown: dict[str, int]) -> str:
        """The text of an element with other elements in it: joined if they mark up text, apart if there is no text."""
        texts = [text for child in element if (text := "".join(child.itertext()).strip())]
        between = [element.text or "", *(child.tail or "" for child in element)]
        if len(texts) < 2 or any(text.strip() for text in between):  # noqa: PLR2004 - one text is joined with nothing
            return "".join(element.itertext())
        for child in element:
            count(unknown, f"{self.path}/{element.tag}/{child.tag}")
        return ", ".join(texts)

    def _items(self, kind: _Items, container: Element, unknown: dict[str, int]) -> Sequence[object]:
        items: list[dict[str, object]] = []
        strange = False
        for child in container:
            if child.tag != kind.tag:
                count(unknown, f"{self.path}/{container.tag}/{child.tag}")
                strange = strange or len(child) > 0
            elif item := kind.shape.read(child, unknown):
                items.append(item)
            else:
                strange = strange or _if_strange(child) is not None
        shape, several = kind.shape, len(items) > 1
        if several and shape.key and not shape.may_repeat and len({item.get(shape.key) for item in items}) < len(items):
            return [*_without_twins(items, shape.key), *([STRANGE] if strange else ())]
        return [*items, STRANGE] if strange else items


def _if_strange(element: Element) -> Bad | None:
    """`STRANGE` if the element has any text."""
    return STRANGE if any(text.strip() for text in element.itertext()) else None


def _without_twins(items: list[dict[str, object]], key: str) -> list[object]:
    """The items. Those with the same key and different contents are one `Bad`; equal ones stay as XPM sent them."""
    by_key: dict[object, list[dict[str, object]]] = {}
    for place, item in enumerate(items):
        by_key.setdefault(item.get(key, place), []).append(item)
    kept: list[object] = []
    for of, twins in by_key.items():
        kept += twins if all(twin == twins[0] for twin in twins) else [Bad(TWICE.reason, of)]
    return kept


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
        nested = nested_model(field.annotation)
        if nested is None:
            elements[tag] = _Scalar()
        elif is_list(field.annotation):
            item = _ITEM_TAGS.get(tag, tag.removesuffix("s"))
            elements[tag] = _Items(item, shape_of(nested, f"{path}/{tag}/{item}"))
        else:
            elements[tag] = _Single(shape_of(nested, f"{path}/{tag}"))
    return Shape(path, elements, next(iter(required_tags(model)), None), model.may_repeat)
