"""`--json`: every command that lists or reports prints the same for a program as for a person, and nothing else."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import update
from typer.core import TyperGroup

from cli.main import app
from tests.cli.office import TENANT, some_jobs, staff, synced
from tests.cli.shell import MERE, SLUG, Installed, Shell
from xpm.access import tokens
from xpm.entities.names import Entity
from xpm.push import codes
from xpm.store import activity, allowances, leases
from xpm.store.activity import ActivityEntry
from xpm.store.consent import connections
from xpm.store.pull import quarantine
from xpm.store.push import edits
from xpm.store.push.edits import EditAct, Place
from xpm.store.records.kinds import JOBS, STAFF
from xpm.store.records.rows import Scope
from xpm.store.tables import Connection
from xpm.store.vocabulary import ActivityStatus, CallPriority

ACTING = {
    "api-token make",
    "api-token revoke",
    "audit export",
    "console",
    "demo",
    "deploy",
    "disconnect",
    "edits keep",
    "edits put-back",
    "edits take",
    "edits try-again",
    "edits withdraw",
    "keys new",
    "lease break",
    "login-link",
    "migrate",
    "practice add",
    "practice notify",
    "practice set",
    "prefect-server",
    "reconnect",
    "staff accept",
    "states set",
    "states forget",
    "time add",
    "user add",
    "worker",
}
"""The commands that act and report it in a sentence. `keys new` prints a secret, `reconnect` a link to open."""

LISTING = {
    "audit list": ["audit", "list", SLUG],
    "status": ["status"],
    "status of one": ["status", SLUG],
    "activity": ["activity", SLUG],
    "attention": ["attention", SLUG],
    "edits list": ["edits", "list", SLUG],
    "edits log": ["edits", "log", SLUG],
    "states list": ["states", "list", SLUG],
    "runs": ["runs", SLUG],
    "history": ["history", "staff", "s1"],
    "usage": ["usage"],
    "staff list": ["staff", "list", SLUG],
    "quarantine list": ["quarantine", "list", SLUG],
    "practice list": ["practice", "list"],
    "user list": ["user", "list", SLUG],
    "api-token list": ["api-token", "list", SLUG],
    "lease list": ["lease", "list"],
}
OF_ONE_PRACTICE = [
    *(arguments for arguments in LISTING.values() if SLUG in arguments),
    ["history", "staff", "s1", "--practice", SLUG],
    ["quarantine", "replay", SLUG],
    ["sync", SLUG],
    ["sync", SLUG, "--dry-run"],
    ["revert", SLUG, "--run", "night"],
]
DOCUMENTED = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text("utf-8")
REASON = "StaffMember.Name: [it] is empty"


def commands(group: TyperGroup, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every command with its whole name."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def every_command() -> dict[str, Any]:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return dict(commands(group))


def moments(value: object) -> Iterator[str]:
    """Every text in the output that is a moment."""
    if isinstance(value, dict):
        for one in value.values():
            yield from moments(one)
    elif isinstance(value, list):
        for one in value:
            yield from moments(one)
    elif isinstance(value, str) and "T" in value and ":" in value:
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return
        yield value


def fields(found: list[dict[str, Any]]) -> set[str]:
    """The fields of the entries and of their nested entries. The fields of a message are described once."""
    nested = [one for entry in found for value in entry.values() if isinstance(value, list) for one in value]
    return {field for one in [*found, *nested] for field in one}


@pytest.fixture
def busy(installed: Installed) -> Installed:
    """An installation with something to list for every command."""
    installed.add_practice()
    synced(installed, some_jobs(2), "night")
    synced(installed, [staff("s1", "Tāne [Sam]", None)], "night", table=STAFF, entity=Entity.STAFF)
    with installed.integration() as integration, installed.database.write() as session:
        now, scope = integration.clock(), Scope(SLUG, TENANT)
        session.connection().execute(update(Connection).values(tenant_id=TENANT))
        connections.set_aside(session, SLUG, tenant_id=TENANT, tenant_name="Harbour & Vale")
        leases.acquire(session, f"sync/{SLUG}/jobs", "night", now)
        allowances.count(session, TENANT, now.date(), CallPriority.PEOPLE, 700)
        payload = "<Staff>private</Staff>"
        edits.put(session, scope, Place(JOBS.name, "J1", "name"), "Accounts", base=None, act=EditAct("form", MERE, now))
        codes.set_code(session, scope, "Planned", "PLAN")
        quarantine.put(session, scope, "staff", record_key="s2", reason=REASON, payload=payload, run_id=None, now=now)
        alert = ActivityStatus.ALERT
        entry = ActivityEntry(practice=SLUG, at=now, status=alert, kind="sync", title="Look [here]", person=MERE)
        activity.write(session, entry)
    with installed.integration() as integration:
        tokens.make(integration, SLUG, "documents", may_edit=True, days=365, made_by="ops")
    return installed


@pytest.mark.parametrize("name", sorted(every_command()))
def test_every_command_that_lists_or_reports_offers_json(name: str) -> None:
    offered = any("--json" in parameter.opts for parameter in every_command()[name].params)

    assert offered != (name in ACTING)


@pytest.mark.parametrize("name", LISTING)
def test_a_listing_is_exactly_one_json_document_with_times_in_utc(fyi_xpm: Shell, busy: Installed, name: str) -> None:
    said = fyi_xpm(*LISTING[name], "--json")

    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert isinstance(found, list)
    assert found
    assert all(moment.endswith("Z") for moment in moments(found))
    assert busy.key not in said.out
    assert "private" not in said.out


@pytest.mark.parametrize(
    "name", [name for name in LISTING if name not in {"lease list", "usage", "status", "practice list", "user list"}]
)
def test_a_refusal_is_the_same_with_json(fyi_xpm: Shell, installed: Installed, name: str) -> None:
    arguments = LISTING[name] if name != "history" else ["history", "staff", "s1", "--practice", SLUG]

    plain, as_json = fyi_xpm(*arguments), fyi_xpm(*arguments, "--json")

    assert (as_json.code, as_json.out, as_json.err) == (2, "", plain.err)


@pytest.mark.parametrize("name", sorted(every_command().keys() - ACTING))
def test_the_shape_of_every_command_is_documented(name: str) -> None:
    assert f"| `{name}` |" in DOCUMENTED


@pytest.mark.parametrize("name", sorted(LISTING.keys() & every_command().keys()))
def test_every_field_is_documented(fyi_xpm: Shell, busy: Installed, name: str) -> None:
    (row,) = [line for line in DOCUMENTED.splitlines() if line.startswith(f"| `{name}` |")]

    assert [
        field for field in fields(json.loads(fyi_xpm(*LISTING[name], "--json").out)) if f"`{field}`" not in row
    ] == []


def test_an_empty_listing_is_an_empty_list(fyi_xpm: Shell, installed: Installed) -> None:
    assert fyi_xpm("practice", "list", "--json").out == "[]\n"
    assert fyi_xpm("status", "--json").out == "[]\n"
    assert fyi_xpm("history", "job", "J1", "--json").out == "[]\n"


def test_the_status_has_the_connection_and_the_last_syncs(fyi_xpm: Shell, busy: Installed) -> None:
    (found,) = json.loads(fyi_xpm("status", "--json").out)

    assert (found["practice"], found["name"], found["state"]) == (SLUG, "Harbour & Vale", "not_connected")
    assert found["message"]["title"]
    assert [(sync["entity"], sync["added"]) for sync in found["syncs"]] == [("jobs", 2), ("staff", 1)]


def test_a_run_has_the_id_that_revert_takes_and_the_run_of_each_entity(fyi_xpm: Shell, busy: Installed) -> None:
    (found,) = json.loads(fyi_xpm("runs", SLUG, "--json").out)

    assert (found["id"], found["trigger"]) == ("night", "overnight")
    assert {part["entity"]: part["added"] for part in found["parts"]} == {"jobs": 2, "staff": 1}


def test_names_and_reasons_are_printed_as_they_are(fyi_xpm: Shell, busy: Installed) -> None:
    assert json.loads(fyi_xpm("staff", "list", SLUG, "--json").out)[0]["name"] == "Tāne [Sam]"
    assert json.loads(fyi_xpm("quarantine", "list", SLUG, "--json").out)[0]["reason"] == REASON
    assert json.loads(fyi_xpm("activity", SLUG, "--json").out)[0]["title"] == "Look [here]"


def test_the_preview_of_a_revert_is_printed_and_nobody_is_asked(fyi_xpm: Shell, busy: Installed) -> None:
    said = fyi_xpm("revert", SLUG, "--run", "night", "--json")

    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert found["run"] is None
    assert {effect["what"]: effect["removed"] for effect in found["preview"]["effects"]} == {"Jobs": 2, "Staff": 1}


def test_the_doctor_reports_every_check_and_exits_as_without_json(fyi_xpm: Shell, busy: Installed) -> None:
    said = fyi_xpm("doctor", "--json")

    found = {check["subject"]: check for check in json.loads(said.out)}
    assert said.code == 1
    assert found["Database"] == {"subject": "Database", "well": True, "problems": [], "facts": []}
    assert not found["Prefect"]["well"]
    assert "PREFECT_API_URL" in found["Prefect"]["problems"][0]


def test_rotating_keys_reports_what_was_encrypted_again(fyi_xpm: Shell, busy: Installed) -> None:
    found = json.loads(fyi_xpm("keys", "rotate", "--json").out)

    assert (found["resealed"], found["older"], found["broken"]) == (0, 0, 0)
    assert busy.key not in str(found)
