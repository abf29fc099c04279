"""Reads a CSV file of edits, one field of one record on each line.

With a column for each field instead, nobody could tell a cell that is to be emptied from one that is to be left alone,
and a refusal could not name its line alone.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from xpm.entities.names import Noun
from xpm.push.asks import Ask
from xpm.words import Message, message, stop

COLUMNS = ("kind", "record", "field", "value")

OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs"}
"""What spreadsheets put between cells in countries that write a comma in numbers, or in their other formats."""

Row = tuple[int, Sequence[str]]
"""The number of a row's first line in the file, and its cells."""


@dataclass(frozen=True)
class FileLine:
    """What one line asks for."""

    number: int
    ask: Ask


@dataclass(frozen=True)
class EditFile:
    """A file of edits: its lines, and those that do not say what to edit, with the reason."""

    lines: Sequence[FileLine]
    refused: Sequence[tuple[int, Message]]


def read_file(path: Path) -> EditFile:
    """Read a file in UTF-8, with or without a byte order mark. Raises Stopped: the message says what is wrong."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            _require_commas(path, file.readline())
            file.seek(0)
            header, *rows = _rows(file)
    except OSError as error:
        raise stop("push.file_unreadable", file=path, reason=error.strerror) from error
    except UnicodeDecodeError as error:
        raise stop("push.file_not_utf8", file=path) from error
    except csv.Error as error:
        raise stop("push.file_broken", file=path, reason=error) from error
    except ValueError as error:
        raise stop("push.file_empty", file=path) from error
    places = _places(header[1])
    if not rows:
        raise stop("push.file_no_lines", file=path)
    return _read(rows, places)


def _rows(file: TextIO) -> Iterator[Row]:
    """The rows that have anything in them."""
    reader = csv.reader(file, strict=True)
    begins = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = reader.line_num + 1


def _require_commas(path: Path, first: str) -> None:
    """Raise Stopped if the first line has the columns with something else between them."""
    for sign, called in OTHER_SEPARATORS.items():
        if _are_columns(_names(cell.strip().strip('"') for cell in first.split(sign))):
            raise stop("push.file_separated", file=path, sign=called)


def _places(header: Sequence[str]) -> Sequence[int]:
    """Where each column is. Raises Stopped unless each is there once, and no other."""
    names = _names(header)
    if not _are_columns(names):
        raise stop("push.file_columns", columns=", ".join(COLUMNS), found=", ".join(names))
    return [names.index(column) for column in COLUMNS]


def _names(header: Iterable[str]) -> Sequence[str]:
    return [name.strip().casefold() for name in header]


def _are_columns(names: Sequence[str]) -> bool:
    return sorted(names) == sorted(COLUMNS)


def _read(rows: Sequence[Row], places: Sequence[int]) -> EditFile:
    lines: list[FileLine] = []
    refused: list[tuple[int, Message]] = []
    for number, cells in rows:
        if len(cells) != len(COLUMNS):
            refused.append((number, message("push.line_cells", count=len(cells), expected=len(COLUMNS))))
            continue
        kind, record, field, value = (cells[place] for place in places)
        noun = kind.strip().casefold()
        if noun not in tuple(Noun):
            refused.append((number, message("push.kind_not_edited", noun=kind.strip() or "(empty)")))
        else:
            lines.append(FileLine(number, Ask(Noun(noun), record, {field: value})))
    return EditFile(lines, refused)
