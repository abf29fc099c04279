"""Shell completion offers commands, options and practices, and never prints an error."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.shell import SLUG, Installed, Shell
from tests.store.kit import practice
from xpm.store import slugs
from xpm.store.engine.database import Database
from xpm.store.errors import DatabaseUnavailable

ROOT = Path(__file__).parents[2]


def offered(*words: str, **environment: str) -> list[str]:
    """What bash offers for the last of these words. Nothing else may be printed."""
    asked: Mapping[str, str] = {
        **os.environ,
        **environment,
        "PYTHONPATH": str(ROOT),
        "_FYI_XPM_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(["fyi-xpm", *words]),
        "COMP_CWORD": str(len(words)),
    }
    command = [sys.executable, "-m", "cli.main"]
    done = subprocess.run(command, env=asked, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_and_options_are_offered(fyi_xpm: Shell) -> None:
    assert offered("sta") == ["status", "staff", "states"]
    assert "--dry-run" in offered("sync", "--d")
    assert "jobs" in offered("sync", "--only", "")


def test_practices_are_offered(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    installed.add_practice("tasman-bay")

    assert offered("status", "") == [SLUG, "tasman-bay"]
    assert offered("staff", "list", "ta") == ["tasman-bay"]
    assert offered("history", "job", "J1", "--practice", "har") == [SLUG]


def test_fields_of_the_kind_of_record_are_offered(fyi_xpm: Shell) -> None:
    assert offered("edit", "job", "J1", "d") == ["description=", "due="]
    assert offered("edit", "client", "Acme", "postal-c") == ["postal-city=", "postal-country="]


@pytest.mark.parametrize(
    "url", ["sqlite:///nowhere/xpm.db", "mysql://localhost/xpm", "nonsense", "postgresql://xpm:hunter2@127.0.0.1:1/xpm"]
)
def test_a_database_that_cannot_be_read_offers_nothing_and_says_nothing(fyi_xpm: Shell, url: str) -> None:
    assert offered("status", "", XPM_DATABASE_URL=url) == []
    assert not Path("nowhere").exists()


def test_a_setting_that_cannot_be_used_offers_nothing_and_says_nothing(fyi_xpm: Shell, installed: Installed) -> None:
    assert offered("status", "", XPM_HISTORY_DAYS="soon") == []


def test_the_short_names_are_read_from_either_database(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    with database.write() as session:
        practice(session, SLUG)

    assert slugs.read(url) == [SLUG]


def test_an_unreachable_server_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseUnavailable) as refused:
        slugs.read("postgresql://xpm:hunter2@127.0.0.1:1/xpm")

    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
