"""A progress bar is shown on a terminal and nowhere else."""

import io
import sys

import pytest

from cli.progress import progress


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def watched_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error of a terminal that can move its cursor."""
    stream = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def test_a_terminal_shows_the_bar_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = watched_terminal(monkeypatch)

    with progress("Looking [here]", of=2) as bar:
        bar.show("Looking at jobs")
        bar.advance()

    assert "Looking at jobs" in watched.getvalue()
    assert capsys.readouterr().out == ""


def test_lines_go_to_standard_output_if_that_is_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = watched_terminal(monkeypatch)

    with progress("Looking") as bar:
        bar.print("Jobs: 3 [new]")

    assert capsys.readouterr().out == "Jobs: 3 [new]\n"
    assert "Jobs" not in watched.getvalue()


def test_lines_go_above_the_bar_if_both_are_on_one_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = watched_terminal(monkeypatch)
    monkeypatch.setattr(sys, "stdout", Terminal())

    with progress("Looking") as bar:
        bar.print("Jobs: 3 [new]")

    assert "Jobs: 3 [new]\n" in watched.getvalue()


def test_without_a_terminal_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("Looking", of=1) as bar:
        bar.advance()
        bar.print("Jobs: 3")

    assert capsys.readouterr() == ("Jobs: 3\n", "")


def test_a_command_that_prints_json_has_neither_bar_nor_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = watched_terminal(monkeypatch)

    with progress("Looking", of=1, silent=True) as bar:
        bar.print("Jobs: 3")

    assert (watched.getvalue(), capsys.readouterr().out) == ("", "")
