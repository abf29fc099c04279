"""Help says what can be edited, how a file of edits looks, and what the states mean, as the product has it."""

import re
import textwrap
from pathlib import Path

import pytest

from cli.commands.explaining import EDIT, EDIT_FILE, EDITS
from tests.cli.shell import Shell
from xpm.entities.names import Noun
from xpm.entities.pushed import FieldType
from xpm.entities.registry import PUSHED
from xpm.push.edit_file import read_file
from xpm.store.vocabulary import EditState

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text("utf-8")
CODE = re.compile(r"`([^`]+)`")


@pytest.mark.parametrize("noun", [Noun.JOB, Noun.CLIENT])
def test_the_help_of_edit_names_every_field_that_can_be_edited(noun: Noun) -> None:
    (named,) = [part for part in EDIT.split("\n\n") if part.startswith(f"Fields of a {noun}:")]

    assert CODE.findall(named) == [field.name for field in PUSHED[noun].fields]


@pytest.mark.parametrize(("noun", "column"), [(Noun.JOB, 1), (Noun.CLIENT, 2)])
def test_the_page_about_the_command_line_has_every_field_with_what_it_takes(noun: Noun, column: int) -> None:
    rows = [line.split("|") for line in _part("What can be edited").splitlines() if line.startswith("| ")]
    words = {
        "a text": FieldType.TEXT,
        "the name of a job state": FieldType.STATE,
        "a current staff member": FieldType.STAFF,
        "an amount": FieldType.AMOUNT,
        "a date": FieldType.DAY,
    }
    told = {
        name: next((kind for said, kind in words.items() if row[3].strip().startswith(said)), None)
        for row in rows
        for name in CODE.findall(row[column])
    }

    assert told == {field.name: field.type for field in PUSHED[noun].fields}


def test_help_and_page_name_every_state_of_an_edit() -> None:
    assert re.findall(r"^- `(.*)`:", EDITS, re.MULTILINE) == re.findall(
        r"^\| `(.*?)` \|", _part("The states of an edit"), re.MULTILINE
    )
    assert set(re.findall(r"^- `(.*)`:", EDITS, re.MULTILINE)) == set(EditState)


def test_the_example_of_a_file_is_one_that_is_taken(tmp_path: Path) -> None:
    (block,) = [part for part in EDIT_FILE.split("\n\n") if part.startswith("    ")]
    example = tmp_path / "edits.csv"
    example.write_text(textwrap.dedent(block) + "\n", encoding="utf-8")

    read = read_file(example)

    assert (read.refused, len(read.lines)) == ([], 4)
    assert textwrap.dedent(block) in PAGE
    for line in read.lines:
        for field in line.ask.values:
            assert PUSHED[line.ask.noun].named(field)
    assert read.lines[1].ask.values == {"description": 'Accounts, tax and "extras", 2026'}
    assert read.lines[3].ask.name == "Vale, Harbour & Sons"


@pytest.mark.parametrize(
    ("command", "said"), [("edit", "Fields of a client"), ("edit-file", "kind,record,field"), ("edits", "withdrawn:")]
)
def test_help_shows_it(fyi_xpm: Shell, command: str, said: str) -> None:
    assert said in fyi_xpm(command, "--help").out


def _part(heading: str) -> str:
    return PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
