"""Makes a fingerprint, for each model, of the code that reads its records, to tell when they must be read again.

A record that Xero sends unchanged is not read again, so a change of that code would never reach it. The digest of a
record as sent is therefore keyed by this fingerprint: when the code changes, each record of the model is read once
more. The fingerprint is taken from the source, so nobody has to remember to change it. Even a changed comment makes
every record be read once more, but that costs no call to Xero.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, get_args

import pydantic

from xpm.entities.registry import DEFINITIONS
from xpm.xero.models import XpmRecord

READS_EVERY_RECORD = (
    "xpm.entities.row",
    "xpm.xero.models.nested",
    "xpm.xero.models.record",
    "xpm.xero.models.scalars",
    "xpm.xero.xml.mending",
    "xpm.xero.xml.parts",
    "xpm.xero.xml.record",
    "xpm.xero.xml.shape",
)
"""The modules that turn any record into its row. They must be imported by now. A model's own modules are added."""

FINGERPRINT_BYTES = 16

Source = Callable[[str], bytes]
"""Returns the source of a module by its name."""


@cache
def source_of(module: str) -> bytes:
    """The source of an imported module, the same on every system."""
    return Path(str(sys.modules[module].__file__)).read_bytes().replace(b"\r\n", b"\n")


def fingerprint(model: type[XpmRecord], rows: str, source: Source = source_of) -> bytes:
    """The fingerprint of the code that turns records of `model` into rows of these shapes.

    Another version of pydantic counts as a change, since it may read a value differently.
    """
    known = blake2b(f"{pydantic.VERSION}\n{rows}".encode(), digest_size=FINGERPRINT_BYTES)
    for module in sorted(reading_modules(model)):
        known.update(f"\n{module}\n".encode() + source(module))
    return known.digest()


def reading_modules(model: type[XpmRecord]) -> Set[str]:
    """The modules whose change may change how a record is read."""
    return {*READS_EVERY_RECORD, *(part.__module__ for part in models_in(model))}


def models_in(model: type[XpmRecord]) -> Set[type[XpmRecord]]:
    """The model and the models of all records nested in it."""
    nested = (part for field in model.model_fields.values() for part in _models_in_type(field.annotation))
    return {model}.union(*(models_in(part) for part in nested))


def row_shapes(model: type[XpmRecord]) -> str:
    """How records of the model become rows, as text that is always the same for the same shapes."""
    listed = (kind for definition in DEFINITIONS.values() for kind in definition.lists)
    return "\n".join(_written(kind.row) for kind in listed if kind.model is model)


def _models_in_type(annotation: Any) -> Iterator[type[XpmRecord]]:  # noqa: ANN401 - whatever a model annotates
    if isinstance(annotation, type) and issubclass(annotation, XpmRecord):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in_type(part)


def _written(value: object) -> str:
    """The value as text. A set is sorted, since its own order differs between processes."""
    if is_dataclass(value):
        return f"{type(value).__name__}({', '.join(_written(getattr(value, field.name)) for field in fields(value))})"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(_written, value)))}}}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_written, value))})"
    return repr(str(value))


_BY_MODEL: Mapping[type[XpmRecord], bytes] = {
    kind.model: fingerprint(kind.model, row_shapes(kind.model))
    for definition in DEFINITIONS.values()
    for kind in definition.lists
}
"""Made on import: later, the files on disk may be of another version than the running code."""


def reader_of(model: type[XpmRecord]) -> bytes:
    """The fingerprint of the code that reads records of this model; empty for a model that no entity lists."""
    return _BY_MODEL.get(model, b"")
