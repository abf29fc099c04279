"""Every command that acts leaves its lines in the audit trail, however it ends, and never a secret."""

import csv
import inspect
import io
import json
import os
import pwd
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cli.acts import ACTIONS
from cli.recording import account
from tests.cli.office import some_jobs, staff, synced
from tests.cli.shell import MERE, SLUG, Installed, Shell, types
from tests.cli.test_json import every_command
from tests.store.audit.tampering import tamper
from xpm.entities.names import Entity
from xpm.store.audit import entries
from xpm.store.audit.verification import verify
from xpm.store.consent.vault import Vault
from xpm.store.records.kinds import STAFF
from xpm.store.tables import AuditEntry, StoreTable
from xpm.store.vocabulary import Action

LOOKING = {
    "activity", "api-token list", "attention", "audit verify", "doctor", "edits list", "edits log", "edits show",
    "history", "lease list", "practice list", "practice news",
    "quarantine list", "runs", "staff list", "states list", "status", "usage", "user list",
}  # fmt: skip
"""The commands that only look."""
APART = {"console", "demo", "keys new", "prefect-server", "worker"}
"""Commands that act on no installation: three become another program, whose acts are recorded elsewhere, one makes an
installation of its own, and one only prints a key."""
ME = pwd.getpwuid(os.getuid()).pw_name

ACTING: dict[str, list[str]] = {
    "api-token make": ["api-token", "make", SLUG, "--name", "documents"],
    "api-token revoke": ["api-token", "revoke", SLUG, "documents"],
    "audit list": ["audit", "list"],
    "audit export": ["audit", "export", "--csv", "trail.csv"],
    "deploy": ["deploy"],
    "disconnect": ["disconnect", SLUG, "--yes", "--person", MERE],
    "edit": ["edit", "job", "J1", "name=Accounts", "--by", MERE, "--practice", SLUG],
    "edit-file": ["edit-file", SLUG, "edits.csv", "--by", MERE],
    "edits keep": ["edits", "keep", SLUG, "1", "--by", MERE],
    "edits put-back": ["edits", "put-back", SLUG, "1", "--by", MERE],
    "edits take": ["edits", "take", SLUG, "--all", "--yes", "--by", MERE],
    "edits try-again": ["edits", "try-again", SLUG, "1", "2", "--by", MERE],
    "edits withdraw": ["edits", "withdraw", SLUG, "1", "--by", MERE],
    "keys rotate": ["keys", "rotate"],
    "lease break": ["lease", "break", "sync/nobody/jobs", "--yes"],
    "login-link": ["login-link", MERE],
    "migrate": ["migrate"],
    "practice add": ["practice", "add", "new", "--name", "New Practice", "--country", "NZ"],
    "practice notify": ["practice", "notify", SLUG, "--add", MERE, "--person", MERE],
    "practice set": ["practice", "set", SLUG, "--include-archived-clients", "--person", MERE],
    "push": ["push", SLUG, "--by", MERE],
    "quarantine replay": ["quarantine", "replay", SLUG, "--person", MERE],
    "reconnect": ["reconnect", SLUG, "--admin", MERE, "--another-account"],
    "revert": ["revert", SLUG, "--run", "night", "--yes", "--person", MERE],
    "staff accept": ["staff", "accept", SLUG, "sam@acme.example", "--person", MERE],
    "states set": ["states", "set", SLUG, "Planned", "PLAN", "--by", MERE],
    "states forget": ["states", "forget", SLUG, "Planned", "--by", MERE],
    "sync": ["sync", SLUG, "--only", "jobs", "--changes", "--person", MERE],
    "time add": [
        *("time", "add", SLUG, "J1", "--staff", MERE, "--task", "Plan", "--date", "2026-11-30", "--minutes", "5"),
        *("--by", MERE),
    ],
    "user add": ["user", "add", SLUG, "leo@acme.example", "--name", "Leo", "--admin"],
}
"""Every command that acts."""


@pytest.fixture
def busy(installed: Installed) -> Installed:
    """A practice with a job and somebody to accept."""
    installed.add_practice()
    synced(installed, some_jobs(1), "night")
    synced(installed, [staff("s1", "Sam", "sam@acme.example")], "night", table=STAFF, entity=Entity.STAFF)
    return installed


def lines(installed: Installed) -> list[AuditEntry]:
    with installed.database.read() as session:
        return list(entries.in_order(session))


def command_of(name: str) -> Callable[..., None]:
    command: Callable[..., None] = inspect.unwrap(every_command()[name].callback)
    return command


def test_every_command_either_looks_or_has_its_action() -> None:
    unmarked = {name for name in every_command() if command_of(name) not in ACTIONS}
    assert unmarked == LOOKING | APART
    assert every_command().keys() - unmarked == ACTING.keys()


@pytest.mark.parametrize("name", sorted(ACTING))
def test_every_acting_command_leaves_a_line_before_it_begins_and_one_at_its_end(
    fyi_xpm: Shell, busy: Installed, name: str
) -> None:
    said = fyi_xpm(*ACTING[name])

    begun, ended = lines(busy)
    assert {line.action for line in (begun, ended)} == {ACTIONS[command_of(name)]}
    assert {(line.actor_kind, line.actor) for line in (begun, ended)} == {("command", ME)}
    assert {line.practice for line in (begun, ended)} <= {SLUG, "new", None}
    assert (SLUG in ACTING[name]) == (begun.practice == SLUG)
    assert begun.named == (MERE if {"--person", "--admin", "--by"} & {*ACTING[name]} and MERE in ACTING[name] else None)
    assert begun.outcome == "begun"
    assert (ended.outcome, bool(ended.detail)) == ({0: "done", 2: "refused"}[said.code], said.code != 0)


def test_what_a_command_acts_on_and_which_settings_it_changes_are_recorded(fyi_xpm: Shell, busy: Installed) -> None:
    for name in ("practice add", "practice set", "user add", "sync", "revert", "reconnect"):
        fyi_xpm(*ACTING[name])

    ended = {line.action: line for line in lines(busy)}
    assert ended["add_practice"].resource == "New Practice"
    assert ended["add_practice"].after is not None
    assert ended["add_practice"].after["country"] == "NZ"
    assert (ended["change_settings"].before, ended["change_settings"].after) == (
        {"include_archived_clients": False},
        {"include_archived_clients": True},
    )
    assert (ended["add_user"].resource, ended["add_user"].after) == (
        "leo@acme.example",
        {"is_admin": True, "leaving_on": None},
    )
    assert ended["sync"].resource == "jobs, changes"
    assert ended["revert"].resource == "night, stop"
    assert ended["reconnect"].resource == "another account"


@pytest.mark.parametrize(
    ("arguments", "detail"),
    [
        (["sync", "nowhere"], "preflight.unknown_practice"),
        (["user", "add", SLUG, MERE, "--name", "Mere"], "operator.user_there"),
        (["sync", SLUG, "--record", "J1", "--only", "jobs"], "wrong_input"),
        (["deploy"], "operator.prefect_unnamed"),
    ],
)
def test_a_refused_attempt_says_why(fyi_xpm: Shell, busy: Installed, arguments: list[str], detail: str) -> None:
    assert fyi_xpm(*arguments).code == 2
    assert [(line.outcome, line.detail) for line in lines(busy)] == [("begun", None), ("refused", detail)]


def test_an_act_that_fails_with_an_error_says_which(fyi_xpm: Shell, busy: Installed) -> None:
    with busy.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sync_run SET status = 'levitating'")
    with pytest.raises(ValueError, match="levitating"):
        fyi_xpm(*ACTING["revert"])
    assert [(line.outcome, line.detail) for line in lines(busy)][1:] == [("failed", "ValueError")]


def test_an_act_that_nobody_confirmed_is_cancelled(
    fyi_xpm: Shell, busy: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, "n\n")
    fyi_xpm("revert", SLUG, "--run", "night")
    fyi_xpm("revert", SLUG, "--run", "night", "--json")
    assert [(line.outcome, line.detail) for line in lines(busy)] == [
        ("begun", None),
        ("cancelled", "revert.kept"),
        ("begun", None),
        ("cancelled", "only_shown"),
    ]


def test_a_dry_run_and_commands_that_look_leave_no_line(fyi_xpm: Shell, busy: Installed) -> None:
    for arguments in (["sync", SLUG, "--dry-run"], ["status"], ["practice", "list"], ["audit", "verify"]):
        fyi_xpm(*arguments)
    assert lines(busy) == []


def test_the_first_migration_leaves_its_line(fyi_xpm: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XPM_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    monkeypatch.setenv("XPM_ENCRYPTION_KEYS", Vault.new_key())
    assert fyi_xpm("migrate").code == 0
    listed = json.loads(fyi_xpm("audit", "list", "--json").out)
    assert [(line["action"], line["outcome"]) for line in listed][-1] == ("migrate", "done")


def test_the_account_comes_from_the_process_and_the_address_from_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.7 50022 198.51.100.4 22")
    monkeypatch.delenv("SUDO_USER", raising=False)
    assert (account().name, account().address) == (ME, "203.0.113.7")


@pytest.mark.parametrize(("user", "name"), [(0, "root (sudo by mere)"), (65_533, "user 65533")])
def test_only_root_can_say_who_asked_it(monkeypatch: pytest.MonkeyPatch, user: int, name: str) -> None:
    monkeypatch.setattr(os, "getuid", lambda: user)
    monkeypatch.setenv("SUDO_USER", "mere")
    assert account().name == name


def test_no_secret_reaches_the_trail_through_any_acting_command(
    fyi_xpm: Shell, busy: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever pastes a secret into the wrong place finds it masked, in whichever parameter it was."""
    secrets = {"XERO_CLIENT_SECRET": "planted-client-secret", "XPM_NOTIFY_URL": "https://chat.example/planted-hook"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    planted = [busy.key, *secrets.values()]
    pasted = " ".join(planted)
    for arguments in ACTING.values():
        if "--csv" not in arguments:  # would make a file of that name
            fyi_xpm(*[pasted if one in {"New Practice", "night", "jobs", "Leo"} else one for one in arguments])
        if SLUG in arguments:
            fyi_xpm(*[pasted if one == SLUG else one for one in arguments])

    with busy.database.read() as session:
        connection = session.connection()
        for name in ("audit_entry", "audit_head"):
            stored = repr(connection.execute(StoreTable.metadata.tables[name].select()).all())
            assert [secret for secret in planted if secret in stored] == []
    masked = "[secret] [secret] [secret]"
    assert {masked} == {line.practice for line in lines(busy)} - {SLUG, "new", None}
    assert {line.resource for line in lines(busy) if line.action == "add_practice"} == {masked}


class TestReading:
    """`audit list`, `audit verify` and `audit export`."""

    @pytest.fixture
    def acted(self, fyi_xpm: Shell, busy: Installed) -> Installed:
        fyi_xpm(*ACTING["practice set"])
        fyi_xpm(*ACTING["user add"])
        return busy

    def test_lines_are_shown_newest_first_with_who_did_what(self, fyi_xpm: Shell, acted: Installed) -> None:
        shown = fyi_xpm("audit", "list", SLUG).out.splitlines()
        assert len(shown) == 4 + 1  # and the line that the list itself begins with
        assert f"command {ME}" in shown[-2]
        assert f"naming {MERE}" in shown[-2]
        assert "change settings include_archived_clients: false → true  done" in shown[-1 - 1]

    def test_only_lines_since_a_time_are_shown(self, fyi_xpm: Shell, acted: Installed) -> None:
        assert json.loads(fyi_xpm("audit", "list", "--since", "2100-01-01", "--json").out) == []
        assert "no such line" in fyi_xpm("audit", "list", "--since", "2100-01-01T00:00Z").out

    def test_reading_and_exporting_are_recorded(self, fyi_xpm: Shell, acted: Installed) -> None:
        fyi_xpm("audit", "list")
        fyi_xpm("audit", "export", "--csv", "trail.csv")
        assert [line.action for line in lines(acted)][-4:] == [*[Action.READ_AUDIT] * 2, *[Action.EXPORT_AUDIT] * 2]

    def test_a_whole_trail_is_verified_with_its_last_line(self, fyi_xpm: Shell, acted: Installed) -> None:
        said = fyi_xpm("audit", "verify")
        assert (said.code, said.err) == (0, "")
        found = json.loads(fyi_xpm("audit", "verify", "--json").out)
        assert (found["whole"], found["lines"], found["last_id"], found["breaks"]) == (True, 4, 4, [])
        known = f"{found['last_id']}:{found['last_hash']}"
        assert known in said.out
        fyi_xpm(*ACTING["user add"])
        assert fyi_xpm("audit", "verify", "--known", known).code == 0

    def test_a_trail_that_was_put_back_shows_by_a_line_that_was_noted(self, fyi_xpm: Shell, acted: Installed) -> None:
        said = fyi_xpm("audit", "verify", "--known", f"9:{'0' * 64}")
        assert (said.code, "line 9: rolled_back" in said.out) == (1, True)

    @pytest.mark.parametrize("known", ["4", "4:abc", f"x:{'0' * 64}"])
    def test_a_note_that_is_none_is_refused(self, fyi_xpm: Shell, acted: Installed, known: str) -> None:
        assert fyi_xpm("audit", "verify", "--known", known).code == 2

    def test_a_broken_trail_exits_with_1_and_names_the_first_place(self, fyi_xpm: Shell, acted: Installed) -> None:
        changed = "UPDATE audit_entry SET actor = 'x' WHERE id = 2"
        tamper(acted.database, changed, "DELETE FROM audit_entry WHERE id = 4")
        said = fyi_xpm("audit", "verify")
        assert (said.code, said.err) == (1, "")
        assert "broken at line 2: changed. Other breaks: 1" in said.out
        found = json.loads(fyi_xpm("audit", "verify", "--json").out)
        assert [(one["line"], one["kind"]) for one in found["breaks"]] == [(2, "changed"), (4, "removed")]

    def test_the_export_has_every_line_for_its_owner_alone_and_no_formula(
        self, fyi_xpm: Shell, acted: Installed
    ) -> None:
        fyi_xpm("user", "add", SLUG, "x@acme.example", "--name", "X", "--leaving-on", "2027-01-31")
        fyi_xpm("practice", "add", "evil", "--name", '=HYPERLINK("http://evil.example")')
        said = fyi_xpm("audit", "export", "--csv", "out/trail.csv")
        assert said.code == 0
        file = Path("out/trail.csv")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        head, *rows = csv.reader(io.StringIO(file.read_text("utf-8-sig"), newline=""))
        assert head == list(AuditEntry.model_fields)
        assert [int(row[0]) for row in rows] == [*range(1, 10)]
        assert any("'=HYPERLINK" in cell for row in rows for cell in row)
        assert not any(cell[:1] == "=" for row in rows for cell in row)

    def test_a_file_that_cannot_be_written_is_named(self, fyi_xpm: Shell, acted: Installed) -> None:
        said = fyi_xpm("audit", "export", "--csv", ".")
        assert (said.code, "audit trail cannot be written to ." in said.err) == (2, True)


def test_after_a_rotation_the_trail_is_whole_without_the_older_key(
    fyi_xpm: Shell, busy: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    fyi_xpm(*ACTING["practice set"])
    new = Vault.new_key()
    monkeypatch.setenv("XPM_ENCRYPTION_KEYS", f"{new},{busy.key}")
    said = fyi_xpm("keys", "rotate")
    assert (said.code, "Older keys can be removed" in said.out) == (0, True)
    monkeypatch.setenv("XPM_ENCRYPTION_KEYS", new)
    found: dict[str, Any] = json.loads(fyi_xpm("audit", "verify", "--json").out)
    assert (found["whole"], found["unsigned"]) == (True, 2)
    with busy.database.read() as session:
        assert verify(session, Vault([new])).breaks == ()
        assert session.connection().execute(text("SELECT count(*) FROM audit_entry")).scalar_one() == 4
