"""The command answers at once: help, completion and commands that only read import nothing they do not need."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.cli.shell import SLUG, Installed, Shell

ROOT = Path(__file__).parents[2]
HEAVY = {"prefect", "fastapi", "sqlmodel", "sqlalchemy", "alembic", "httpx", "lxml", "openpyxl", "authlib"}

READING = [["status"], ["activity", SLUG], ["practice", "list"]]

LISTED = """
import atexit, sys
from cli.main import main
atexit.register(lambda: print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr))
main(sys.argv[1:])
"""


def imported(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> set[str]:
    """The packages that the command imports, in its own process."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", LISTED, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize("command", ["", "sync", "practice add"])
def test_help_imports_only_the_description_of_the_command(fyi_xpm: Shell, command: str) -> None:
    assert imported([*command.split(), "--help"]) & HEAVY == set()


@pytest.mark.parametrize("typed", ["", "sync --", "activity practice --status "])
def test_completion_imports_only_the_description_of_the_command(fyi_xpm: Shell, typed: str) -> None:
    words = ["fyi-xpm", *typed.split(" ")]
    asked = {
        "_FYI_XPM_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }

    assert imported([], asked) & HEAVY == set()


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_commands_that_only_read_import_neither_prefect_nor_the_xero_client(
    fyi_xpm: Shell, installed: Installed, arguments: list[str]
) -> None:
    installed.add_practice()

    assert imported(arguments) & (HEAVY - {"sqlmodel", "sqlalchemy"}) == set()
