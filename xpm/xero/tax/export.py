"""Reads tax returns from an exported CSV or XLSX file, one return per row."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from pydantic import ValidationError

from xpm.xero.errors import UnreadableAnswer
from xpm.xero.models import TaxReturn
from xpm.xero.models.scalars import storable_key
from xpm.xero.records import AnswerCounts, PartlyRead, Read, Records, Sent, Unreadable, read_already
from xpm.xero.xml.parts import read_parts

_LABEL = "tax.export"

# FYI's column names, in lower case and without punctuation.
_FIELDS = {
    "client uuid": "client_uuid",
    "tax type": "tax_type",
    "type": "tax_type",
    "year": "year",
    "tax year": "year",
    "status": "status",
    "state": "status",
    "period from": "period_from",
    "period to": "period_to",
    "lodgement date": "lodged_on",
    "filed date": "lodged_on",
    "due date": "due_on",
    "payable date": "due_on",
    "issue date": "issued_on",
    "ato issue date": "issued_on",
    "estimated income": "estimated_income",
    "income": "assessed_income",
    "assessed income": "assessed_income",
    "estimated payable refundable": "estimated_payable",
    "payable refundable": "assessed_payable",
    "assessed payable refundable": "assessed_payable",
    "web link": "web_url",
    "return id": "return_id",
}
_NEEDED = ("client_uuid", "tax_type", "year")
_IDENTIFYING = ("client_uuid", "tax_type", "year", "period_from", "period_to")
_DATES = ("period_from", "period_to", "lodged_on", "due_on", "issued_on")
_AMOUNTS = ("estimated_income", "assessed_income", "estimated_payable", "assessed_payable")
_DATE_FORMATS = ("%d/%m/%Y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y")  # as used in Australia and New Zealand


class TaxExport:
    """Reads the file at `path`: XLSX by its extension, otherwise CSV. Unknown columns are counted, not refused."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_workbook = path.suffix.lower() == ".xlsx"

    def returns(self) -> Records[TaxReturn]:
        """Read all returns in the file. Raises `UnreadableAnswer` if it is not an export.

        A row that does not tell which return it is about is `Unreadable`; one of which another cell is bad is read
        without that cell.
        """
        return Records(self._read)

    def _read(self, tally: AnswerCounts) -> Iterator[Sent[TaxReturn]]:
        tally.bytes = self._path.stat().st_size
        rows = self._rows()
        header = [_word(cell) for cell in next(rows, ())]
        fields = [_FIELDS.get(word) for word in header]
        if missing := [name for name in _NEEDED if name not in fields]:
            raise _no_export(f"has no column for {', '.join(missing)}")
        tally.unknown.update({word: 1 for word, name in zip(header, fields, strict=True) if word and name is None})
        seen: dict[str, int] = {}
        for row in map(list, rows):
            cells = [(name, cell) for name, cell in zip(fields, row, strict=False) if name and not _is_empty(cell)]
            if cells:
                beyond = [] if self._is_workbook else [cell for cell in row[len(fields) :] if not _is_empty(cell)]
                yield read_already(_unless_taken(seen, _tax_return(cells, beyond)))

    def _rows(self) -> Iterator[Iterable[object]]:
        return self._sheet_rows() if self._is_workbook else self._csv_rows()

    def _csv_rows(self) -> Iterator[Iterable[object]]:
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                yield from csv.reader(file, strict=True)
        except (UnicodeDecodeError, csv.Error):
            raise _no_export("is no CSV in UTF-8") from None

    def _sheet_rows(self) -> Iterator[Iterable[object]]:
        from openpyxl import load_workbook  # noqa: PLC0415 - a tenth of a program's start, and few programs need it

        try:
            workbook = load_workbook(self._path, read_only=True, data_only=True)
            with closing(workbook):
                sheet = workbook.worksheets[0]
                sheet.reset_dimensions()  # a sheet may state a wrong size, and rows beyond it would be skipped
                yield from sheet.iter_rows(values_only=True)
        except Exception:  # noqa: BLE001 - for a damaged file openpyxl, zlib and the XML parser raise any error
            raise _no_export("is no XLSX workbook or a damaged one") from None


def _tax_return(cells: Sequence[tuple[str, object]], beyond: Sequence[object]) -> Read[TaxReturn]:
    """Read the return of a row. `beyond` are the cells of a CSV row that have no column.

    A cell that cannot be read is left out alone, unless it tells which return the row is about.
    """
    if fault := _ambiguity(cells, beyond):
        return Unreadable(None, fault, _as_json([cell for _, cell in cells] + list(beyond)))
    content = dict(cells)
    values = {name: _value(name, cell) for name, cell in content.items()}
    identifying = _NEEDED if "return_id" in values else _IDENTIFYING
    key = str(values.setdefault("return_id", "/".join(str(values.get(name, "")) for name in _IDENTIFYING)))
    by_alias = {str(TaxReturn.model_fields[name].alias): value for name, value in values.items()}
    try:
        return TaxReturn.model_validate(by_alias)
    except ValidationError as error:
        read = read_parts(TaxReturn, by_alias, error)
        if read.record is None or any(part.field in identifying for part in read.left_out):
            return Unreadable(storable_key(key), read.reason, _as_json(content))
        return PartlyRead(read.record, _as_json(content), read.left_out, read.parts, read.reason)


def _unless_taken(seen: dict[str, int], read: Read[TaxReturn]) -> Read[TaxReturn]:
    """Make a return unreadable if an earlier row has the same return with other values.

    Otherwise one would silently replace the other. This happens with a year's activity statements in a file without
    periods.
    """
    if isinstance(read, Unreadable):
        return read
    record = read.record if isinstance(read, PartlyRead) else read
    if seen.setdefault(record.return_id, hash(read)) == hash(read):
        return read
    return Unreadable(None, "another row is about the same return and differs", record.model_dump_json())


def _ambiguity(cells: Sequence[tuple[str, object]], beyond: Sequence[object]) -> str | None:
    """Return why a row's cells are ambiguous, or None."""
    if beyond:
        return "the row has more cells than there are columns; a comma in an unquoted amount does that"
    if len(set(cells)) > len(dict(cells)):
        return "columns that mean the same differ"
    return None


def _value(name: str, cell: object) -> object:
    if isinstance(cell, bool):
        return str(cell)  # a boolean is neither number nor date, but Python would read it as 0 or 1
    if name in _DATES:
        return _day(cell)
    if name in _AMOUNTS:
        return _amount(cell)
    return _whole(cell) if name == "year" else _text(cell)


def _day(cell: object) -> object:
    if isinstance(cell, datetime):
        return cell.date()
    return _parsed_day(cell.strip()) if isinstance(cell, str) else cell


def _parsed_day(text: str) -> date | str:
    """Read a date in one of the known formats. Other text stays, for the model to refuse."""
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  a date has no zone
        except ValueError:
            continue
    return text


def _amount(cell: object) -> object:
    """Read `$1,234.50`, and `(1,234.50)` as negative. The model refuses a comma that separates no thousands."""
    if isinstance(cell, int | float):
        return Decimal(str(cell))
    text = str(cell).strip().replace("$", "")
    return f"-{text[1:-1]}" if text.startswith("(") and text.endswith(")") else text


def _whole(cell: object) -> object:
    if isinstance(cell, float) and cell.is_integer():  # spreadsheets store integers as floats
        return int(cell)
    return cell.strip() if isinstance(cell, str) else cell


def _text(cell: object) -> object:
    """Read text. A spreadsheet stores a text of digits, such as an id, as a number."""
    return str(_whole(cell)) if isinstance(cell, int | float) else _whole(cell)


def _as_json(content: object) -> str:
    return json.dumps(content, default=str, ensure_ascii=False)


def _word(cell: object) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", str(cell or "").lower()).split())


def _is_empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _no_export(what: str) -> UnreadableAnswer:
    return UnreadableAnswer(f"The file of tax returns {what}.", endpoint=_LABEL)
