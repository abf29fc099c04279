"""Every change that a dry run told of, as a CSV file for a spreadsheet (RFC 4180)."""

import csv
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from xpm.entities.registry import KINDS
from xpm.undo.changes import EFFECTS, Change, DryRunResult
from xpm.words import stop

COLUMNS = ("entity", "record", "name", "what would happen", "field", "in FYI now", "in XPM")
Line = tuple[str, str, str, str, str, str, str]

OWNER_ONLY = 0o600  # the file holds people's data
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With what a cell begins that a spreadsheet may carry out (OWASP: CSV Injection), also in full width."""


def lines(previews: Sequence[DryRunResult]) -> Iterator[Line]:
    """A line for each field that would be different, or for the record where no field is told; archivals come first."""
    changes = [change for preview in previews for change in preview.changes]
    for effect in EFFECTS:
        for change in changes:
            if change.effect is effect:
                yield from _lines(change)


def write_changes(file: TextIO, previews: Sequence[DryRunResult]) -> None:
    """Write all lines under their head, every cell quoted, so that none can begin another."""
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    writer.writerows([harmless(cell) for cell in line] for line in lines(previews))


@contextmanager
def changes_file(file: Path) -> Iterator[TextIO]:
    """Open the file for its owner alone, in a folder that is made if need be; one that is there keeps its rights.

    Raises:
        Stopped: it cannot be written.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # the mark at the beginning lets a spreadsheet know the encoding
        opened = open(file, "w", encoding="utf-8-sig", errors="replace", newline="", opener=_private)  # noqa: SIM115 - rights
    except OSError as error:
        raise stop("operator.changes_unwritable", file=file, reason=error.strerror) from error
    with opened:
        yield opened


def harmless(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _lines(change: Change) -> Iterator[Line]:
    record = (KINDS[change.kind].label, change.key, change.name, EFFECTS[change.effect])
    if not change.fields:
        yield (*record, "", "", "")
    for field in change.fields:
        yield (*record, field.field, field.before, field.after)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER_ONLY)
