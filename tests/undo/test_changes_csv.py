"""The list of changes opens in a spreadsheet as plain text: no cell runs as a formula."""

import csv
import io
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpm.entities.names import Entity
from xpm.store.records.versions import Effect
from xpm.store.vocabulary import RunStatus
from xpm.undo.changes import EFFECTS, Change, DryRunResult, FieldDifference
from xpm.undo.changes_csv import COLUMNS, changes_file, write_changes
from xpm.words import Stopped, message

DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1", '=LINK("x")']
HARMLESS = ["Smith, Jones & Co", 'The "Best"', "two\nlines", "Tāne 株", "a=b", "", "'quoted'", "semi;colon"]


def preview(*changes: Change) -> DryRunResult:
    skipped = message("sync.skipped_tax_country")
    return DryRunResult(entity=Entity.CLIENTS, status=RunStatus.SUCCESS, message=skipped, changes=changes)


def changed(name: str = "Acme", *fields: tuple[str, str, str], effect: Effect = Effect.CHANGED) -> Change:
    differences = tuple(FieldDifference(field=field, before=before, after=after) for field, before, after in fields)
    return Change(effect=effect, kind="client", key="c-1", name=name, fields=differences)


def written(*changes: Change) -> list[list[str]]:
    """The cells as a spreadsheet reads them, without the column names."""
    file = io.StringIO(newline="")
    write_changes(file, [preview(*changes)])
    head, *rows = csv.reader(io.StringIO(file.getvalue(), newline=""), strict=True)
    assert tuple(head) == COLUMNS
    return rows


@pytest.mark.parametrize("text", DANGEROUS)
@pytest.mark.parametrize("place", ["name", "field", "before", "after"])
def test_no_cell_starts_as_a_formula_whoever_wrote_it(text: str, place: str) -> None:
    texts = {"name": "Acme", "field": "phone", "before": "", "after": "", place: text}
    field = (texts["field"], texts["before"], texts["after"])
    (row,) = written(changed(texts["name"], field))
    assert f"'{text}" in row
    assert not any(cell and cell[0] in "=+-@\t\r\n\uff1d" for cell in row)


@pytest.mark.parametrize("text", HARMLESS)
def test_all_other_text_stays_as_it_is(text: str) -> None:
    (row,) = written(changed("Acme", ("phone", text, "(02) 5550 0105")))
    assert row == ["Clients", "c-1", "Acme", "changed", "phone", text, "(02) 5550 0105"]


@given(st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]))] * 3), min_size=1, max_size=4))
def test_no_text_escapes_its_cell(fields: list[tuple[str, str, str]]) -> None:
    rows = written(changed("Acme", *fields))
    assert [tuple(cell.removeprefix("'") for cell in row[4:]) for row in rows] == [
        tuple(text.removeprefix("'") for text in field) for field in fields
    ]


def test_a_record_without_listed_fields_has_one_line(tmp_path: Path) -> None:
    (row,) = written(changed("Acme", effect=Effect.ADDED))
    assert row == ["Clients", "c-1", "Acme", "added", "", "", ""]


def test_the_most_destructive_changes_come_first() -> None:
    rows = written(*(changed("Acme", effect=effect) for effect in sorted(Effect)))
    assert [row[3] for row in rows] == [EFFECTS[effect] for effect in EFFECTS]
    assert rows[0][3] == "archived"
    assert EFFECTS.keys() == set(Effect)


def test_only_its_owner_can_read_the_file_and_spreadsheets_recognise_its_encoding(tmp_path: Path) -> None:
    file = tmp_path / "new" / "changes.csv"
    with changes_file(file) as opened:
        write_changes(opened, [preview(changed("Tāne 株 \ud800"))])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert "Tāne 株" in file.read_text("utf-8-sig")


def test_a_file_that_cannot_be_written_is_named_in_the_refusal(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match=str(tmp_path)), changes_file(tmp_path):
        raise AssertionError("a folder is no file")
