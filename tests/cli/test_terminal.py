"""What a command prints controls the terminal only where the command itself does."""

import pytest
from rich.panel import Panel
from rich.text import Text

from cli.answers import answer
from cli.terminal import WholeTable, say, terminal

NAME = "Vale\x1b[2J\x1b]0;owned\x07\u202eevil\x9b5m\rHarbour"


def table() -> WholeTable:
    made = WholeTable(NAME, title=NAME)
    made.add_row(NAME)
    return made


@pytest.mark.parametrize("errors", [False, True])
@pytest.mark.parametrize(
    "shown", [NAME, Text(NAME, "red"), table(), Panel(NAME)], ids=["text", "styled", "table", "panel"]
)
def test_a_name_with_control_characters_is_printed_without_them(
    capsys: pytest.CaptureFixture[str], shown: str | Text | WholeTable | Panel, errors: bool
) -> None:
    terminal(errors=errors).print(shown, soft_wrap=True)
    printed = "".join(capsys.readouterr())
    assert "Vale" in printed
    assert not set(printed) & set("\x1b\x07\u202e\x9b\r")


def test_colours_of_our_own_are_still_sent(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    terminal().print(Text(NAME, "red"))
    printed = capsys.readouterr().out
    assert printed.startswith("\x1b[31mVale")
    assert "\x1b[2J" not in printed


def test_a_sentence_is_printed_without_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    say(NAME)
    assert not set(capsys.readouterr().out) & set("\x1b\x07\u202e\x9b\r")


def test_json_holds_them_as_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    answer({"name": NAME}, print, as_json=True)
    printed = capsys.readouterr().out
    assert "\\u202eevil\\u009b5m" in printed
    assert not set(printed) & set("\x1b\x07\u202e\x9b\r")


def test_a_table_cuts_nothing_that_is_too_long_for_its_column(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    table = WholeTable("Who", "What")
    table.add_row("somebody.with.a.long.name@harbourvale.example", "Edited")

    terminal().print(table)

    printed = capsys.readouterr().out
    cells = [line.split("│")[1].strip() for line in printed.splitlines() if line.startswith("│")]
    assert "".join(cells) == "somebody.with.a.long.name@harbourvale.example"
