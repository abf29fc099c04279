"""Records are read again after a change of the code that reads them: its source, or the shape of its rows."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from tests.entities.contract import filled
from xpm.entities import fingerprint as fingerprints
from xpm.entities.clients import CLIENTS
from xpm.entities.entity import ListedKind
from xpm.entities.fingerprint import (
    READS_EVERY_RECORD,
    fingerprint,
    models_in,
    reader_of,
    reading_modules,
    row_shapes,
    source_of,
)
from xpm.entities.registry import DEFINITIONS
from xpm.entities.row import RowShape
from xpm.xero.endpoints import Endpoint
from xpm.xero.models import Client, Contact, CustomFieldValue, Job, Reference, Staff, XpmRecord
from xpm.xero.xml.record import RecordText

KINDS: list[ListedKind[Any]] = [
    kind for definition in DEFINITIONS.values() for kind in (definition.main, *definition.accompanying)
]
ALL = {kind.model for kind in KINDS}
LISTED = [kind for kind in KINDS if kind.endpoint]

CARRY = {"xpm.store.records.rows", "xpm.xero.records", "tests.entities.test_fingerprint"}
"""Modules that only pass a record on, and do not decide how it is read."""

ALL_FINGERPRINTS = """
from xpm.entities.fingerprint import _BY_MODEL
print(sorted((model.__name__, known.hex()) for model, known in _BY_MODEL.items()))
"""


def concerned(changed: str) -> set[type[XpmRecord]]:
    """The models whose records are read again after a change of this module."""

    def source(module: str) -> bytes:
        return source_of(module) + b"# changed\n" * (module == changed)

    return {model for model in ALL if fingerprint(model, row_shapes(model), source) != reader_of(model)}


@contextmanager
def watched() -> Iterator[set[str]]:
    """The modules of the library whose functions run in the block."""
    modules = set[str]()

    def note(frame: FrameType, _event: str, _arg: object) -> None:
        modules.add(str(frame.f_globals.get("__name__")))

    sys.setprofile(note)
    try:
        yield modules
    finally:
        sys.setprofile(None)


def as_xml(record: XpmRecord, tag: str) -> str:
    """A record as XPM would send it."""
    parts = []
    for name, info in type(record).model_fields.items():
        value, element = getattr(record, name), str(info.alias)
        if isinstance(value, tuple):
            item = "Staff" if element == "Assigned" else element.removesuffix("s")
            parts.append(f"<{element}>{''.join(as_xml(one, item) for one in value)}</{element}>")
        elif isinstance(value, XpmRecord):
            parts.append(as_xml(value, element))
        else:
            parts.append(f"<{element}>{value.isoformat() if hasattr(value, 'isoformat') else value}</{element}>")
    return f"<{tag}>{''.join(parts)}</{tag}>"


@pytest.mark.parametrize("module", READS_EVERY_RECORD)
def test_changing_a_shared_reading_module_concerns_every_model(module: str) -> None:
    assert concerned(module) == ALL


@pytest.mark.parametrize(("module", "model"), [("staff", Staff), ("job", Job), ("client", Client)])
def test_changing_a_model_concerns_the_models_of_its_module(module: str, model: type[XpmRecord]) -> None:
    name = f"xpm.xero.models.{module}"
    assert model in concerned(name)
    assert concerned(name) == {other for other in ALL if other.__module__ == name}


@pytest.mark.parametrize("module", ["xpm.pull.run", "xpm.words.catalogue", "xpm.xero.api", "xpm.entities.staff"])
def test_changing_any_other_module_concerns_no_model(module: str) -> None:
    assert concerned(module) == set()


@pytest.mark.parametrize(
    "other",
    [
        RowShape("uuid", CLIENTS.main.row.owned, CLIENTS.main.row.shared),
        RowShape("uuid", CLIENTS.main.row.owned[1:], CLIENTS.main.row.shared, CLIENTS.main.row.marks),
        RowShape("name", CLIENTS.main.row.owned, CLIENTS.main.row.shared, CLIENTS.main.row.marks),
    ],
    ids=["archived differently", "without a table", "another key"],
)
def test_changing_the_shape_of_rows_changes_the_fingerprint(other: RowShape) -> None:
    assert fingerprint(Client, fingerprints._written(other)) != reader_of(Client)
    assert fingerprint(Client, fingerprints._written(CLIENTS.main.row)) == reader_of(Client)


def test_models_of_nested_records_are_included() -> None:
    assert {Client, Contact, Reference} <= models_in(Client)


@pytest.mark.parametrize("kind", LISTED, ids=[kind.noun for kind in LISTED])
def test_every_module_that_runs_while_a_record_is_read_is_in_its_fingerprint(kind: ListedKind[Any]) -> None:
    endpoint: Endpoint[Any] = kind.listed_at
    text = RecordText(endpoint, as_xml(filled(kind.model), endpoint.item).encode())
    with watched() as modules:
        record = text({})
        assert isinstance(record, XpmRecord)
        kind.row(record)
    ran = {module for module in modules if module.startswith("xpm.")}
    assert ran - CARRY <= reading_modules(kind.model)
    assert {"xpm.xero.xml.record", "xpm.xero.xml.shape", "xpm.entities.row"} <= ran


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_fingerprint_is_the_same_in_every_process(seed: str) -> None:
    here = sorted((model.__name__, reader_of(model).hex()) for model in ALL)
    there = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", ALL_FINGERPRINTS],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == str(here)


def test_a_model_that_no_entity_lists_has_no_fingerprint() -> None:
    assert reader_of(CustomFieldValue) == b""
