import csv
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from openpyxl import Workbook

from tests.xero.fakes import FakeClock, OpenBudget, Script, client
from xpm.xero.errors import NotFound, UnreadableAnswer
from xpm.xero.models import TaxReturn
from xpm.xero.records import LeftOut, PartlyRead, Read, Unreadable
from xpm.xero.tax import TaxExport, TaxFeed

FEED = "https://api.xero.example/tax/returns"


def feed(*answers: httpx.Response, url: str = FEED) -> tuple[TaxFeed, Script]:
    script, clock = Script(list(answers)), FakeClock()
    return TaxFeed(client(script), url, "tenant-1", OpenBudget(clock), sleep=clock.sleep, clock=clock), script


def page(numbers: list[int], cursor: str | None = None, total: int | None = None) -> httpx.Response:
    returns = [{"returnId": f"r{n}", "clientUuid": "c", "taxType": "ITR", "year": 2025} for n in numbers]
    return httpx.Response(200, json={"returns": returns, "nextCursor": cursor, "total": total})


def test_the_feed_is_read_page_by_page_until_there_is_no_cursor() -> None:
    source, script = feed(page([1, 2], "one", 3), page([3], None, 3))
    pull = source.returns()
    assert [record.return_id for record in pull if isinstance(record, TaxReturn)] == ["r1", "r2", "r3"]
    assert [dict(request.url.params) for request in script.requests] == [
        {"pageSize": "200"},
        {"pageSize": "200", "cursor": "one"},
    ]
    assert script.requests[0].headers["xero-tenant-id"] == "tenant-1"
    assert (pull.facts.records, pull.facts.calls) == (3, 2)


def test_a_query_in_the_feeds_url_is_sent_with_every_page() -> None:
    source, script = feed(page([1], "one"), page([2]), url=f"{FEED}?partner=fyi&year=2025")
    assert len(list(source.returns())) == 2
    assert [str(request.url.query, "ascii") for request in script.requests] == [
        "partner=fyi&year=2025&pageSize=200",
        "partner=fyi&year=2025&pageSize=200&cursor=one",
    ]


def test_an_empty_cursor_ends_the_feed() -> None:
    source, script = feed(page([1], "one", 2), page([2], "", 2))
    assert len(list(source.returns())) == 2
    assert len(script.requests) == 2


def test_a_feed_that_repeats_a_cursor_is_unreadable() -> None:
    source, script = feed(page([1], "one"), page([2], "two"), page([1], "one"))
    with pytest.raises(UnreadableAnswer, match="repeat"):
        list(source.returns())
    assert len(script.requests) == 3


@pytest.mark.parametrize("total", [0, 2, 4])
def test_a_feed_whose_count_differs_from_its_total_is_unreadable(total: int) -> None:
    with pytest.raises(UnreadableAnswer, match="announced"):
        list(feed(page([1, 2, 3], None, total))[0].returns())


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"nextCursor": null}', '{"returns": 5}', '{"returns": ['])
def test_an_answer_that_is_not_a_page_is_unreadable_not_empty(body: str) -> None:
    with pytest.raises(UnreadableAnswer):
        list(feed(httpx.Response(200, text=body))[0].returns())


def test_an_account_without_xero_tax_raises_not_found() -> None:
    with pytest.raises(NotFound):
        list(feed(httpx.Response(404, json={"error": "tax_not_available"}))[0].returns())


def test_one_bad_return_is_unreadable() -> None:
    returns: list[dict[str, Any]] = [
        {"returnId": "bad", "clientUuid": "c", "taxType": "ITR", "year": "last"},
        {"returnId": "good", "clientUuid": "c", "taxType": "ITR", "year": 2025, "assessedPayable": "-12.50"},
    ]
    bad, good = feed(httpx.Response(200, json={"returns": returns, "nextCursor": None}))[0].returns()
    assert isinstance(bad, Unreadable)
    assert (bad.key, "year" in bad.reason, "last" in bad.reason) == ("bad", True, False)
    assert isinstance(good, TaxReturn)
    assert good.assessed_payable == Decimal("-12.50")


@pytest.mark.parametrize("key", ["", " "])
def test_each_return_without_an_id_is_unreadable_on_its_own(key: str) -> None:
    returns = [{"returnId": key, "clientUuid": "c", "taxType": "ITR", "year": year} for year in (2024, 2025)]
    read = list(feed(httpx.Response(200, json={"returns": returns, "nextCursor": None}))[0].returns())
    assert [(one.key, "returnId" in one.reason) for one in read if isinstance(one, Unreadable)] == [(None, True)] * 2


HEADER = (
    "Client UUID", "Tax Type", "Year", "Status", "Period From", "Period To", "Lodgement Date", "Due Date",
    "ATO Issue Date", "Estimated Income", "Income", "Income Variance", "Estimated Payable/Refundable",
    "Payable/(Refundable)", "Web Link",
)  # fmt: skip
ROW = (
    "c-1", "ITR", "2025", "Filed", "01/07/2024", "2025-06-30", "3 Mar 2026", "", "31-03-2026", "$85,000.00",
    "85,100.50", "100.50", "(1,234.50)", "-1200", "https://tax.example/1",
)  # fmt: skip
EXPECTED = TaxReturn(
    client_uuid="c-1",
    tax_type="ITR",
    year=2025,
    status="Filed",
    period_from=date(2024, 7, 1),
    period_to=date(2025, 6, 30),
    lodged_on=date(2026, 3, 3),
    issued_on=date(2026, 3, 31),
    estimated_income=Decimal("85000.00"),
    assessed_income=Decimal("85100.50"),
    estimated_payable=Decimal("-1234.50"),
    assessed_payable=Decimal("-1200"),
    web_url="https://tax.example/1",
    return_id="c-1/ITR/2025/2024-07-01/2025-06-30",
)


def csv_file(folder: Path, *rows: tuple[str, ...]) -> Path:
    path = folder / "returns.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def workbook(folder: Path, *rows: Sequence[object]) -> Path:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    book.save(folder / "returns.xlsx")
    return folder / "returns.xlsx"


def rewrite_sheet(path: Path, rewrite: Callable[[str], str]) -> None:
    """Rewrite the workbook's sheet as another program might have written it."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    name = next(name for name in parts if name.endswith("sheet1.xml"))
    parts[name] = rewrite(parts[name].decode()).encode()
    with zipfile.ZipFile(path, "w") as book:
        for part, content in parts.items():
            book.writestr(part, content)


def test_a_csv_export_is_read_in_australian_formats(tmp_path: Path) -> None:
    path = csv_file(tmp_path, HEADER, ROW, ("",) * len(HEADER), ROW[:3])
    pull = TaxExport(path).returns()
    assert list(pull) == [
        EXPECTED,
        TaxReturn(client_uuid="c-1", tax_type="ITR", year=2025, return_id="c-1/ITR/2025//"),
    ]
    assert pull.facts.unknown == {"income variance": 1}
    assert pull.facts.bytes == path.stat().st_size
    assert pull.facts.calls == 0


def test_a_workbook_is_read_with_its_typed_cells(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(HEADER))
    sheet.append(
        [
            "c-1", "ITR", 2025.0, "Filed", datetime(2024, 7, 1), datetime(2025, 6, 30), "2026-03-03", None,  # noqa: DTZ001
            "31/03/2026", 85000.0, 85100.5, 100.5, "(1,234.50)", -1200, "https://tax.example/1",
        ]
    )  # fmt: skip
    book.save(tmp_path / "returns.XLSX")
    assert list(TaxExport(tmp_path / "returns.XLSX").returns()) == [EXPECTED]


@pytest.mark.parametrize("stated", ["A1", "A1:O2"])
def test_every_row_of_a_workbook_is_read_whatever_dimension_its_sheet_states(tmp_path: Path, stated: str) -> None:
    path = workbook(tmp_path, HEADER, *(("c-1", "ITR", year) for year in range(2015, 2025)))
    rewrite_sheet(path, lambda sheet: re.sub(r'<dimension ref="[^"]*"', f'<dimension ref="{stated}"', sheet))
    assert [one.year for one in TaxExport(path).returns() if isinstance(one, TaxReturn)] == [*range(2015, 2025)]


def test_a_bad_row_is_unreadable_and_the_others_are_read(tmp_path: Path) -> None:
    bad = ("c-2", "ITR", "next year", "", "45/45/2024")
    first, second = TaxExport(csv_file(tmp_path, HEADER, bad, ROW)).returns()
    assert isinstance(first, Unreadable)
    assert "year" in first.reason
    assert "periodFrom" in first.reason
    assert first.key == "c-2/ITR/next year/45/45/2024/"
    assert "next year" in first.payload
    assert second == EXPECTED


def test_a_row_with_a_nul_character_is_unreadable(tmp_path: Path) -> None:
    first, second = TaxExport(csv_file(tmp_path, HEADER, ("c-\x00", *ROW[1:]), ROW)).returns()
    assert isinstance(first, Unreadable)
    assert (first.key, "clientUuid" in first.reason) == (None, True)
    assert second == EXPECTED


def test_a_file_without_the_columns_that_identify_a_return_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableAnswer, match="client_uuid"):
        list(TaxExport(csv_file(tmp_path, ("Client", "Tax Type", "Year"), ROW)).returns())


@pytest.mark.parametrize(("name", "content"), [("a.csv", b""), ("a.csv", b"\xff\xfe\x00"), ("a.xlsx", b"no workbook")])
def test_a_broken_file_is_unreadable_not_empty(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableAnswer):
        list(TaxExport(path).returns())


def test_a_workbook_with_a_truncated_sheet_is_unreadable(tmp_path: Path) -> None:
    path = workbook(tmp_path, HEADER, ROW, ROW)
    rewrite_sheet(path, lambda sheet: sheet[: len(sheet) // 2])
    with pytest.raises(UnreadableAnswer):
        list(TaxExport(path).returns())


def test_a_numeric_id_is_the_same_from_a_workbook_and_a_csv(tmp_path: Path) -> None:
    header, row = (*HEADER[:3], "Return ID"), ("c-1", "ITR", 2025)
    in_csv = csv_file(tmp_path, header, ("c-1", "ITR", "2025", "1001"))
    in_workbook = workbook(tmp_path, header, (*row, 1001), (*row, 1001.0))
    (expected,) = TaxExport(in_csv).returns()
    assert list(TaxExport(in_workbook).returns()) == [expected, expected]
    assert isinstance(expected, TaxReturn)
    assert expected.return_id == "1001"


COLUMNS = ("Return ID", "Client UUID", "Tax Type", "Year", "Due Date", "Income")


def with_a_boolean(folder: Path, column: str) -> list[Read[TaxReturn]]:
    """Read two rows, of which the first has a boolean in place of a number or a date."""
    row = ("bad", "c-1", "ITR", 2025, None, None)
    bad = [True if name == column else cell for name, cell in zip(COLUMNS, row, strict=True)]
    return list(TaxExport(workbook(folder, COLUMNS, bad, ("good", *row[1:]))).returns().each())


def test_a_row_whose_year_is_a_boolean_is_unreadable(tmp_path: Path) -> None:
    first, second = with_a_boolean(tmp_path, "Year")
    assert isinstance(first, Unreadable)
    assert first.key == "bad"
    assert isinstance(second, TaxReturn)


@pytest.mark.parametrize(("column", "field"), [("Due Date", "due_on"), ("Income", "assessed_income")])
def test_a_cell_that_cannot_be_read_is_left_out_alone(tmp_path: Path, column: str, field: str) -> None:
    first, second = with_a_boolean(tmp_path, column)
    assert isinstance(first, PartlyRead)
    assert (first.record.return_id, first.left_out) == ("bad", (LeftOut(field),))
    assert isinstance(second, TaxReturn)


def test_a_row_whose_period_cannot_be_read_is_not_taken_for_another_return(tmp_path: Path) -> None:
    (bad,) = TaxExport(csv_file(tmp_path, HEADER, ("c-1", "ITR", "2025", "Filed", "20th"))).returns()
    assert isinstance(bad, Unreadable)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Client UUID,Tax Type,Year,Estimated Income,Income", "c-1,ITR,2025,1,234.50,99"),
        ("Client UUID,Tax Type,Year,Due Date,Payable Date", "c-1,ITR,2025,01/02/2025,03/04/2025"),
    ],
    ids=["a comma in an unquoted amount", "two columns for one field"],
)
def test_an_ambiguous_row_is_unreadable(tmp_path: Path, header: str, row: str) -> None:
    path = tmp_path / "returns.csv"
    path.write_text(f"{header}\n{row}\nc-2,ITR,2025,,,,\n")
    first, second = TaxExport(path).returns()
    assert isinstance(first, Unreadable)
    assert (first.key, json.loads(first.payload)) == (None, row.split(","))
    assert isinstance(second, TaxReturn)


def test_a_remark_beside_the_columns_of_a_workbook_is_ignored(tmp_path: Path) -> None:
    path = workbook(tmp_path, HEADER[:3], ("c-1", "ITR", 2025, None, "ask Mere"))
    assert [isinstance(one, TaxReturn) for one in TaxExport(path).returns()] == [True]


def test_of_differing_rows_for_one_return_all_but_the_first_are_unreadable(tmp_path: Path) -> None:
    rows = [("c-1", "AS", "2025", status) for status in ("Filed", "Filed", "Draft", "Approved")]
    first, same, *others = TaxExport(csv_file(tmp_path, HEADER[:4], *rows)).returns()
    assert isinstance(first, TaxReturn)
    assert (first.status, same) == ("Filed", first)
    assert [(one.key, "same return" in one.reason) for one in others if isinstance(one, Unreadable)] == [
        (None, True),
        (None, True),
    ]
