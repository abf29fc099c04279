"""Random records, rendered as XPM may: elements in any order, and all three forms of an empty element."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from xml.sax.saxutils import escape

from hypothesis import strategies as st

from xpm.xero.models import XpmRecord

Draw = Callable[[st.SearchStrategy[Any]], Any]

# Text that XML 1.0 can carry and that is not only whitespace, which a parser cannot tell from an empty element.
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=20).filter(
    lambda text: bool(text.strip())
)
SINGULAR = {"Assigned": "Staff"}
SCALARS: Mapping[object, st.SearchStrategy[object]] = {
    str: TEXT,
    bool: st.booleans(),
    int: st.integers(0, 10**6),
    Decimal: st.decimals(-(10**9), 10**9, places=2),
    date: st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    datetime: st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0)),  # noqa: DTZ001 - XPM's times have no zone
}


def bare(annotation: object) -> tuple[Any, bool, bool]:
    """Return the type inside an annotation, whether it repeats, and whether it may be missing."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return bare(parts[0])
    if origin is tuple:
        return bare(parts[0])[0], True, True
    if origin in (Union, UnionType):
        return bare(next(part for part in parts if part is not type(None)))[0], False, True
    return annotation, False, False


def records(model: type[XpmRecord]) -> st.SearchStrategy[XpmRecord]:
    """Generate records of a model, with optional fields missing at random."""
    fields = {name: _values(field.annotation) for name, field in model.model_fields.items()}
    return st.fixed_dictionaries(fields).map(model.model_validate)


def _values(annotation: object) -> st.SearchStrategy[object]:
    kind, repeats, optional = bare(annotation)
    if not (isinstance(kind, type) and issubclass(kind, XpmRecord)):
        return st.none() | SCALARS[kind] if optional else SCALARS[kind]
    nested = records(kind).filter(has_content)
    if repeats:
        return st.lists(nested, max_size=2, unique_by=_identity(kind)).map(tuple)
    return st.none() | nested if optional else nested


def _identity(model: type[XpmRecord]) -> Callable[[XpmRecord], object] | None:
    """What tells the items of a list apart, if anything does: XPM names none of them twice."""
    has_key = "uuid" in model.model_fields and model.model_fields["uuid"].is_required()
    return attrgetter("uuid") if has_key and not model.may_repeat else None


def has_content(record: XpmRecord) -> bool:
    """Whether a record has any value. In XML, a record without values looks like a missing one."""
    return any(value not in (None, (), False) for value in vars(record).values())


def render(draw: Draw, record: XpmRecord, tag: str) -> str:
    """Render a record as an element; `draw` decides the order and spelling of its parts."""
    model = type(record)
    parts = [_part(draw, field.alias or name, getattr(record, name)) for name, field in model.model_fields.items()]
    return f"<{tag}>{''.join(draw(st.permutations(parts)))}</{tag}>"


def _part(draw: Draw, tag: str, value: object) -> str:
    if value is None or value == ():
        return str(draw(st.sampled_from(["", f"<{tag}/>", f"<{tag}></{tag}>"])))
    if isinstance(value, XpmRecord):
        return render(draw, value, tag)
    if isinstance(value, tuple):
        item = SINGULAR.get(tag, tag.removesuffix("s"))
        return f"<{tag}>{''.join(render(draw, record, item) for record in value)}</{tag}>"
    return f"<{tag}>{escape(_text(draw, value))}</{tag}>"


def _text(draw: Draw, value: object) -> str:
    if isinstance(value, bool):
        return str(draw(st.sampled_from(["Yes", "yes", "true", "TRUE"] if value else ["No", "NO", "false"])))
    if isinstance(value, Decimal):
        return f"{value:,}" if draw(st.booleans()) else str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return f"{value.isoformat()}{draw(st.sampled_from(['', 'T00:00:00']))}"
    return str(value)
