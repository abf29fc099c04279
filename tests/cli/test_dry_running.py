"""`fyi-xpm sync --dry-run` works without Prefect, shows what would change, and writes nothing."""

import csv
import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from sandbox.accounts import edits
from sandbox.server import SandboxServer
from sandbox.world import small_world
from sandbox.xpm.limits import RateLimits
from tests.cli.shell import SLUG, Installed, Shell
from tests.pull.house import YEARS, House, opened
from tests.pull.test_aside import spoil_job
from xpm.entities.names import Entity
from xpm.settings import Settings
from xpm.store import activity
from xpm.store.engine.database import Database
from xpm.store.tables import PracticeActivity

FORMULA = '=HYPERLINK("http://evil.example","Tāne, 株")'


def text(value: object) -> str:
    """A setting as text."""
    if isinstance(value, tuple):
        return ",".join(map(text, value))
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def environment(settings: Settings) -> dict[str, str]:
    """The environment variables that configure it."""
    return {name.upper(): text(value) for name, value in settings if value is not None}


@pytest.fixture
def house(fyi_xpm: Shell, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A connected practice, configured in the environment. Prefect is not configured."""
    with (
        SandboxServer(small_world(years=YEARS, limits=RateLimits(0, 0, 0, 0))) as server,
        opened(server, sqlite_database) as house,
    ):
        for name, value in environment(house.integration.settings).items():
            monkeypatch.setenv(name, value)
        yield house


def cells(file: Path) -> list[dict[str, str]]:
    """The lines of a file of changes."""
    with file.open(encoding="utf-8-sig", newline="") as opened_file:
        return list(csv.DictReader(opened_file))


def test_it_shows_a_table_for_each_entity_and_writes_nothing(fyi_xpm: Shell, house: House) -> None:
    stored = house.everything_stored()

    said = fyi_xpm("sync", SLUG, "--dry-run")

    assert said.code == 0
    for entity, table in {"Jobs": "jobs", "Clients": "clients", "Staff": "staff", "Tax returns": "tax_returns"}.items():
        assert f"{entity}: {len(house.truth(table))} would be added, 0 changed, 0 archived, 0 brought back." in said.out
    assert all(member["Name"] in said.out for member in house.truth("staff"))
    assert said.out.splitlines()[-1].startswith("Dry run of Harbour & Vale, nothing was written: ")
    assert house.everything_stored() == stored


def test_the_file_has_every_change_and_no_name_becomes_a_formula(fyi_xpm: Shell, house: House) -> None:
    house.sync_everything()
    client = house.truth("clients")[0]
    edits.change(house.xpm, "clients", client["UUID"], {"Name": FORMULA, "Phone": "two\nlines"})
    edits.delete(house.xpm, "staff", house.truth("staff")[0]["UUID"])
    file = Path("changes.csv")

    said = fyi_xpm("sync", SLUG, "--dry-run", "--only", "clients", "--only", "staff", "--csv", str(file))

    assert said.code == 0
    lines = [tuple(line.values()) for line in cells(file)]
    what = ("Clients", client["UUID"], f"'{FORMULA}", "changed")
    assert lines[0][3:] == ("archived", "archived", "", "absent")
    assert sorted(line for line in lines if line[1] == client["UUID"]) == [
        (*what, "name", client["Name"], f"'{FORMULA}"),
        (*what, "phone", client["Phone"] or "", "two\nlines"),
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_only_the_chosen_entities_are_read(fyi_xpm: Shell, house: House) -> None:
    house.sync(Entity.CLIENTS)
    house.forget_calls()

    said = fyi_xpm("sync", SLUG, "--dry-run", "--changes", "--only", "clients")

    assert said.code == 0
    assert {path.partition(".")[0] for path in house.asked()} == {"clientgroup", "client"}
    calls = house.server.world.request_log.requests()
    assert [call["path"] for call in calls if "modifiedsince" in call["query_keys"]] == ["client.api/list"]


def test_a_long_list_is_cut_short_and_says_so(fyi_xpm: Shell, house: House) -> None:
    for number in range(60):
        edits.add(house.xpm, "staff", {"Name": f"Person {number}"})

    said = fyi_xpm("sync", SLUG, "--dry-run", "--only", "staff")

    assert "14 more lines are not shown; --csv FILE writes all of them." in said.out


def test_a_sync_that_would_end_with_action_required_exits_with_one(fyi_xpm: Shell, house: House) -> None:
    spoil_job(house, house.truth("jobs")[0]["ID"])

    said = fyi_xpm("sync", SLUG, "--dry-run", "--only", "jobs")

    assert said.code == 1
    assert "A sync would end with Action Required: Jobs synchronised, except for 1 that could not be read" in said.out
    assert house.aside() == []


def test_an_entity_that_xero_refuses_does_not_hide_the_others(fyi_xpm: Shell, house: House) -> None:
    house.order("error_body", "client.api/list", description="No", times=0)
    stored = house.everything_stored()

    said = fyi_xpm("sync", SLUG, "--dry-run", "--only", "clients", "--only", "staff")

    assert said.code == 1
    assert "Clients could not be synchronised" in said.out
    assert "Staff: 4 would be added" in said.out
    assert "it could not check everything" in said.out.splitlines()[-1]
    assert house.everything_stored() == stored


def test_json_has_every_change_of_every_entity_and_nothing_else_is_printed(fyi_xpm: Shell, house: House) -> None:
    house.order("error_body", "client.api/list", description="No", times=0)
    for number in range(60):
        edits.add(house.xpm, "staff", {"Name": f"Person {number}"})

    said = fyi_xpm("sync", SLUG, "--dry-run", "--only", "clients", "--only", "staff", "--json")

    assert (said.code, said.err) == (1, "")
    found = json.loads(said.out)
    clients, staff = found["parts"]
    assert found["message"]["key"] == "dry_run.failed"
    assert (clients["entity"], clients["preview"]) == ("clients", None)
    assert "could not be synchronised" in clients["message"]["title"]
    assert staff["preview"]["added"] == len(staff["preview"]["changes"]) == 64
    assert {change["effect"] for change in staff["preview"]["changes"]} == {"added"}


def test_a_replay_of_nothing_is_an_empty_list_in_json(fyi_xpm: Shell, house: House) -> None:
    assert fyi_xpm("quarantine", "replay", SLUG, "--json").out == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (("--csv", "changes.csv"), "--dry-run"),
        (("--dry-run", "--csv", "."), "Name another file"),
        (("--dry-run", "--csv", "/dev/null/changes.csv"), "Name another file"),
    ],
    ids=["without a dry run", "a folder", "no folder"],
)
def test_an_unusable_file_is_refused_before_xero_is_asked(
    fyi_xpm: Shell, house: House, arguments: tuple[str, ...], cure: str
) -> None:
    house.forget_calls()

    said = fyi_xpm("sync", SLUG, *arguments)

    assert said.code == 2
    assert cure in said.err
    assert said.err.count("\n") == 1
    assert house.asked() == []


def test_a_practice_that_is_not_connected_is_told_to_reconnect(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()

    said = fyi_xpm("sync", SLUG, "--dry-run")

    assert (said.code, said.out) == (2, "")
    assert "clicks Reconnect XPM" in said.err
    assert activity_of(installed) == []


def activity_of(installed: Installed) -> list[PracticeActivity]:
    """Practice Activity."""
    with installed.database.read() as session:
        return activity.recent(session, SLUG)


class Terminal(io.StringIO):
    """A terminal at which somebody sits, who types this."""

    def isatty(self) -> bool:
        return True


def values_asked(house: House) -> int:
    """How many clients and jobs were asked for their custom field values."""
    return len([path for path in house.asked() if path.endswith("/customfield")])


@pytest.mark.parametrize("options", [("--dry-run",), ()], ids=["dry run", "sync"])
def test_what_takes_much_of_the_day_says_so_and_asks_before_it_begins(
    fyi_xpm: Shell, house: House, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.setenv("XERO_CALLS_PER_DAY", "100")
    house.sync(Entity.CLIENTS)
    house.sync(Entity.JOBS)
    house.forget_calls()
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))

    said = fyi_xpm("sync", SLUG, "--only", "custom_field_definitions", *options)

    assert said.code == 0
    assert said.out.startswith("Xero: about ")
    assert "Xero allows 100 requests a day, which all users of the account share. Go on?" in said.err
    assert "Nothing was begun." in said.out
    assert house.asked() == []


def test_nobody_is_asked_about_little_nor_twice(fyi_xpm: Shell, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(""))
    house.sync(Entity.STAFF)
    assert "Go on?" not in fyi_xpm("sync", SLUG, "--dry-run", "--only", "staff").err
    monkeypatch.setenv("XERO_CALLS_PER_DAY", "5")
    assert fyi_xpm("sync", SLUG, "--dry-run", "--only", "staff", "--yes").code == 0


def test_values_that_a_sync_compared_within_a_day_are_asked_for_again_only_if_wanted(
    fyi_xpm: Shell, house: House
) -> None:
    house.sync_everything()
    house.forget_calls()

    said = fyi_xpm("sync", SLUG, "--dry-run", "--only", "custom_field_definitions")

    assert "Xero: about 1 request," in said.out
    assert "by a sync within the last day" in said.out
    assert "add --all-values" in said.out
    assert values_asked(house) == 0

    again = fyi_xpm("sync", SLUG, "--dry-run", "--only", "custom_field_definitions", "--all-values")

    assert "within the last day" not in again.out
    assert values_asked(house) > 0
    refused = fyi_xpm("sync", SLUG, "--all-values")
    assert (refused.code, "--all-values goes with --dry-run" in refused.err) == (2, True)
