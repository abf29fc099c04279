"""Which records are nested in the fields of a model."""

from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from xpm.xero.models.record import XpmRecord


def is_list(annotation: object) -> bool:
    """Whether a field holds several values."""
    return get_origin(annotation) is tuple


def nested_model(annotation: Any) -> type[XpmRecord] | None:  # noqa: ANN401  annotations are of any type
    """Return the record type inside `X`, `X | None` or `tuple[X, ...]`, if any."""
    if is_list(annotation) or get_origin(annotation) in (Union, UnionType):
        return next((model for part in get_args(annotation) if (model := nested_model(part))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, XpmRecord) else None


@cache
def required_tags(model: type[XpmRecord]) -> tuple[str, ...]:
    """The elements that a record of the model must have, its key among them."""
    return tuple(field.alias or name for name, field in model.model_fields.items() if field.is_required())
