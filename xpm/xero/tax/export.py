"""Tax returns from a file that somebody exported: CSV or XLSX, a return a row."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from openpyxl import load_workbook
from pydantic import ValidationError

from xpm.xero.errors import UnreadableAnswer
from xpm.xero.models import TaxReturn
from xpm.xero.records import AnswerCounts, Records, Sent, Unreadable, read_already
from xpm.xero.tax.source import readable_key
from xpm.xero.xml.record import reason_of

_LABEL = "tax.export"

# FYI's words for its columns, without case and punctuation.
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
_DATE_FORMATS = ("%d/%m/%Y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y")  # as Australia and New Zealand write days


class TaxExport:
    """Reads `path`, whose ending tells CSV from XLSX. Columns it does not know are counted, not refused."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_workbook = path.suffix.lower() == ".xlsx"

    def returns(self) -> Records[TaxReturn]:
        """All returns of the file. Raises `UnreadableAnswer` when it is no export; single bad rows are `Unreadable`."""
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
            told = [(name, cell) for name, cell in zip(fields, row, strict=False) if name and not _is_empty(cell)]
            if told:
                beyond = [] if self._is_workbook else [cell for cell in row[len(fields) :] if not _is_empty(cell)]
                yield read_already(_unless_taken(seen, _tax_return(told, beyond)))

    def _rows(self) -> Iterator[Iterable[object]]:
        return self._sheet_rows() if self._is_workbook else self._csv_rows()

    def _csv_rows(self) -> Iterator[Iterable[object]]:
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                yield from csv.reader(file, strict=True)
        except (UnicodeDecodeError, csv.Error):
            raise _no_export("is no CSV in UTF-8") from None

    def _sheet_rows(self) -> Iterator[Iterable[object]]:
        try:
            workbook = load_workbook(self._path, read_only=True, data_only=True)
            with closing(workbook):
                sheet = workbook.worksheets[0]
                sheet.reset_dimensions()  # the size a sheet states may be wrong, and rows beyond it would be left out
                yield from sheet.iter_rows(values_only=True)
        except Exception:  # noqa: BLE001 - over a damaged file openpyxl, zlib and the XML parser raise anything
            raise _no_export("is no XLSX workbook or a damaged one") from None


def _tax_return(told: Sequence[tuple[str, object]], beyond: Sequence[object]) -> TaxReturn | Unreadable:
    """The return of a row; `beyond`: its cells without a column, which in a workbook move no others."""
    if fault := _ambiguity(told, beyond):
        return Unreadable(None, fault, _as_json([cell for _, cell in told] + list(beyond)))
    content = dict(told)
    values = {name: _value(name, cell) for name, cell in content.items()}
    key = str(values.setdefault("return_id", "/".join(str(values.get(name, "")) for name in _IDENTIFYING)))
    try:
        return TaxReturn.model_validate(values)
    except ValidationError as error:
        return Unreadable(readable_key(key), reason_of(error), _as_json(content))


def _unless_taken(seen: dict[str, int], read: TaxReturn | Unreadable) -> TaxReturn | Unreadable:
    """Set apart a return that another row is about as well and tells otherwise: one would silently replace the other,
    such as the activity statements of a year in a file without periods."""
    if isinstance(read, Unreadable) or seen.setdefault(read.return_id, hash(read)) == hash(read):
        return read
    return Unreadable(None, "another row is about the same return and differs", read.model_dump_json())


def _ambiguity(told: Sequence[tuple[str, object]], beyond: Sequence[object]) -> str | None:
    """Why nobody can say which of a row's cells is what."""
    if beyond:
        return "the row has more cells than there are columns; a comma in an unquoted amount does that"
    if len(set(told)) > len(dict(told)):
        return "columns that mean the same differ"
    return None


def _value(name: str, cell: object) -> object:
    if isinstance(cell, bool):
        return str(cell)  # which no number and no day is; Python takes it for 0 or 1
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
    """A day in one of the known forms; other text is left for the model to refuse."""
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
    return text


def _amount(cell: object) -> object:
    """`$1,234.50`, and `(1,234.50)` for what is negative."""
    if isinstance(cell, int | float):
        return Decimal(str(cell))
    text = str(cell).strip().replace("$", "").replace(",", "")
    return f"-{text[1:-1]}" if text.startswith("(") and text.endswith(")") else text


def _whole(cell: object) -> object:
    if isinstance(cell, float) and cell.is_integer():  # spreadsheets know no whole numbers
        return int(cell)
    return cell.strip() if isinstance(cell, str) else cell


def _text(cell: object) -> object:
    """A spreadsheet keeps a text of digits alone, such as an id, as a number."""
    return str(_whole(cell)) if isinstance(cell, int | float) else _whole(cell)


def _as_json(content: object) -> str:
    return json.dumps(content, default=str, ensure_ascii=False)


def _word(cell: object) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", str(cell or "").lower()).split())


def _is_empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _no_export(what: str) -> UnreadableAnswer:
    return UnreadableAnswer(f"The file of tax returns {what}.", endpoint=_LABEL)
