"""Writes every change that a dry run found to a CSV file for a spreadsheet (RFC 4180)."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from xpm.entities.registry import KINDS
from xpm.spreadsheet import harmless, open_for_owner
from xpm.undo.changes import EFFECTS, Change, DryRunResult
from xpm.words import stop

COLUMNS = ("entity", "record", "name", "what would happen", "field", "in FYI now", "in XPM")
Line = tuple[str, str, str, str, str, str, str]


def lines(previews: Sequence[DryRunResult]) -> Iterator[Line]:
    """One line for each field that would change, or one for a record without fields. Archived records come first."""
    changes = [change for preview in previews for change in preview.changes]
    for effect in EFFECTS:
        for change in changes:
            if change.effect is effect:
                yield from _lines(change)


def write_changes(file: TextIO, previews: Sequence[DryRunResult]) -> None:
    """Write the column names and all lines. Every cell is quoted, so none can start another."""
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    writer.writerows([harmless(cell) for cell in line] for line in lines(previews))


@contextmanager
def changes_file(file: Path) -> Iterator[TextIO]:
    """Open the file, readable only by its owner. A missing folder is made; an existing one keeps its rights.

    Raises:
        Stopped: the file cannot be written.
    """
    try:
        opened = open_for_owner(file)
    except OSError as error:
        raise stop("operator.changes_unwritable", file=file, reason=error.strerror) from error
    with opened:
        yield opened


def _lines(change: Change) -> Iterator[Line]:
    record = (KINDS[change.kind].label, change.called, change.name, EFFECTS[change.effect])
    if not change.fields:
        yield (*record, "", "", "")
    for field in change.fields:
        yield (*record, field.field, field.before, field.after)
