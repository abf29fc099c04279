"""Under any clock, and while it is set right: no history is lost, no change missed, and nobody kept out.

Needs Debian's libfaketime; `.ci/run` installs it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from sandbox.accounts import edits
from sandbox.faults import fault_from
from sandbox.world import HARBOUR_VALE, MERE
from tests.flows.office import SLUG, Office, consents, eventually, until_paused
from tests.prefect_server import PASSWORD
from xpm.consent.callback import LinkOver
from xpm.integration import Integration
from xpm.store import leases
from xpm.store.tables import AuthorisationAttempt, Client, RecordChange, SyncRun
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.revert import RevertRequest, preview

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.deep, pytest.mark.no_cover]

ROOT = Path(__file__).parents[2]
CLOCKS = ["-1m", "+1m", "-1h", "+1h", "-11h", "+11h", "-120d", "+120d"]
CASES = [*(("sqlite", offset) for offset in CLOCKS), ("postgresql", "-120d"), ("postgresql", "+120d")]
FEW = [("sqlite", "-11h"), ("sqlite", "+120d"), ("postgresql", "-120d")]
SLOW = {"area": "xpm", "path": "client.api/list", "kind": "drip", "bytes": 512, "delay": 0.05, "times": 1}
LOOKING = [
    ["status"],
    ["activity", SLUG],
    ["attention", SLUG],
    ["runs", SLUG],
    ["usage"],
    ["staff", "list", SLUG],
    ["quarantine", "list", SLUG],
    ["practice", "list"],
    ["user", "list", SLUG],
    ["lease", "list"],
    ["audit", "list", SLUG],
    ["audit", "verify"],
]
ACTING = [
    ["migrate"],
    ["sync", SLUG, "--only", "clients", "--dry-run"],
    ["quarantine", "replay", SLUG],
    ["practice", "set", SLUG, "--include-archived-clients"],
    ["keys", "rotate"],
]


class Program:
    """A program under a clock of its own."""

    def __init__(self, process: "subprocess.Popen[str]", clock: Path) -> None:
        self._process = process
        self._clock = clock

    def ask(self, *asked: str) -> None:
        """Ask for a command or a flow."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:  # noqa: ANN401 - JSON
        """What came of what was asked for."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the program died"
        return json.loads(line)

    def __call__(self, *asked: str) -> Any:  # noqa: ANN401 - JSON
        """Ask, and wait for the answer."""
        self.ask(*asked)
        return self.answer()

    def set_right(self) -> None:
        """Set its clock right, at whatever it is."""
        self._clock.write_text("+0\n")


def libfaketime() -> str:
    """Debian's library that lies to one program about the time."""
    found = [str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")]
    assert found, "libfaketime is missing: apt-get install faketime"
    return found[0]


@contextmanager
def program(environment: Mapping[str, str], offset: str, folder: Path) -> Iterator[Program]:
    """Start a program whose clock is off by so much."""
    clock = folder / f"clock {offset}"
    clock.write_text(f"{offset}\n")
    lies = {
        "LD_PRELOAD": libfaketime(),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # else each wait for Python's lock ends at once, and threads spin
    }
    command = [sys.executable, "-m", "tests.flows.at_a_clock"]
    with (
        (folder / f"stderr of {offset}").open("w") as said,
        subprocess.Popen(  # noqa: S603 - our own
            command,
            env={**environment, **lies},
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
        ) as process,
    ):
        try:
            yield Program(process, clock)
        finally:
            process.kill()


@pytest.fixture
def there(request: pytest.FixtureRequest) -> Office:
    """An office that is connected and synchronised, on the database that the test names."""
    found: Office = request.getfixturevalue({"sqlite": "connected"}.get(request.param, f"connected_on_{request.param}"))
    return found


@pytest.fixture
def environment(there: Office, prefect_url: str, tmp_path: Path) -> Mapping[str, str]:
    """The environment of the program."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
    server = {"PREFECT_API_URL": prefect_url, "PREFECT_API_AUTH_STRING": PASSWORD, "PREFECT_HOME": str(tmp_path)}
    return {**given, **there.environment(), **server, "PYTHONPATH": str(ROOT)}


def edit(office: Office, number: int) -> str:
    """Change a client in XPM, and return the new value."""
    account = office.sandbox.world.accounts[HARBOUR_VALE]
    phone = f"(02) 5550 03{number:02d}"
    edits.change(account, "clients", account.clients.key(number), {"Phone": phone})
    return phone


def phones(office: Office) -> set[str]:
    with office.database.read() as session:
        return {phone for phone in session.scalars(select(Client.phone)) if phone}  # type: ignore[call-overload]


def history(office: Office) -> set[int]:
    with office.database.read() as session:
        return set(session.scalars(select(RecordChange.id)))  # type: ignore[call-overload]


def is_under_way(office: Office) -> bool:
    return any(use["in_flight"] for use in office.sandbox.world.request_log.usage()["tenants"].values())


def sync_while_the_clock_is_set_right(office: Office, wrong: Program) -> str:
    """Sync clients slowly; the clock is set right while the list arrives."""
    office.sandbox.world.faults.inject(fault_from(SLOW))
    wrong.ask("sync", SLUG, "clients", "full")
    eventually(lambda: is_under_way(office))
    wrong.set_right()
    return str(wrong.answer())


def as_confirmed(office: Office) -> tuple[str, str]:
    """The last run, and what `fyi-xpm revert` passes on once somebody confirmed that it is to be taken back."""
    with office.database.read() as session:
        (run,) = session.scalars(select(SyncRun.id).order_by(SyncRun.number.desc()).limit(1))  # type: ignore[attr-defined, call-overload]
    with Integration.opened() as integration:
        seen = preview(integration, RevertRequest(practice=SLUG, run=run))
    return run, seen.fingerprint(WhenChangedSince.STOP)


def asked_to_log_in(
    office: Office, reconnects: Program, after: AuthorisationAttempt | None = None
) -> AuthorisationAttempt:
    """Start a reconnect, and return its attempt once the run waits for the person."""

    def new() -> AuthorisationAttempt | None:
        waiting = office.waiting_attempt()
        return waiting if waiting and (after is None or waiting.id != after.id) else None

    reconnects.ask("reconnect", SLUG, MERE)
    attempt = eventually(new)
    until_paused(attempt.flow_run_id)
    return attempt


@pytest.mark.parametrize(("there", "offset"), CASES, indirect=["there"])
def test_no_history_is_lost_no_change_missed_and_nobody_kept_out(
    there: Office, environment: Mapping[str, str], tmp_path: Path, offset: str
) -> None:
    kept, expected = history(there), set[str]()
    with program(environment, offset, tmp_path) as wrong:
        expected.add(edit(there, 0))
        assert wrong("sync", SLUG, "clients", "changes") == "Completed"
        assert expected <= phones(there)
        assert wrong("watch") in {"Completed", "Action Required"}  # by a wrong clock, syncs may seem old
        assert wrong("notify", SLUG) == "Completed"
        codes = {" ".join(command): wrong("fyi-xpm", *command) for command in [*LOOKING, *ACTING]}
        assert set(codes.values()) == {0}, codes

        expected.add(edit(there, 1))
        assert sync_while_the_clock_is_set_right(there, wrong) == "Completed"
        assert expected <= phones(there)

        expected.add(edit(there, 2))
        assert wrong("sync", SLUG, "clients", "changes") == "Completed"
        assert expected <= phones(there)
        assert wrong("watch") == "Completed"
    assert kept <= history(there)
    with there.database.read() as session:
        assert leases.every(session) == []


@pytest.mark.parametrize(("there", "offset"), FEW, indirect=["there"])
def test_what_a_wrong_clock_synchronised_is_taken_back_and_a_reconnect_succeeds_once_it_is_right(
    there: Office, environment: Mapping[str, str], tmp_path: Path, offset: str
) -> None:
    """By a clock that is right again, the link of a reconnect that began by one far behind is over."""
    kept, before = history(there), phones(there)
    with program(environment, offset, tmp_path) as wrong:
        changed = edit(there, 0)
        assert wrong("sync", SLUG, "clients", "changes") == "Completed"
        assert wrong("revert", SLUG, *as_confirmed(there)) == "Completed"
        assert phones(there) == before

        attempt = asked_to_log_in(there, wrong)
        with suppress(LinkOver):
            consents()(there, attempt)
            assert wrong.answer() == "Completed"
    with program(environment, "+0", tmp_path) as right:
        consents()(there, asked_to_log_in(there, right, after=attempt))
        assert right.answer() == "Completed"
    assert changed in phones(there)
    assert kept <= history(there)


@pytest.mark.parametrize("there", ["sqlite"], indirect=True)
def test_a_program_killed_under_a_wrong_clock_keeps_nobody_out(
    there: Office, environment: Mapping[str, str], tmp_path: Path
) -> None:
    """The time-out of a test is far shorter than what a sync waits for somebody alive."""
    for name in ("jobs", "staff"):
        with there.database.write() as session:
            ahead = datetime.now(UTC) + timedelta(days=120)
            leases.acquire(session, f"sync/{SLUG}/{name}", "killed", ahead)
    with program(environment, "+0", tmp_path) as right, program(environment, "-11h", tmp_path) as wrong:
        right.ask("sync", SLUG, "jobs", "changes")
        wrong.ask("sync", SLUG, "staff", "changes")
        assert (right.answer(), wrong.answer()) == ("Completed", "Completed")
