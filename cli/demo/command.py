"""`fyi-xpm demo`: starts everything, breaks the connection, and waits for somebody to reconnect it."""

import os
import shutil
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from uuid import UUID

from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from rich.console import Console
from rich.text import Text

from cli.demo import administrator, broken
from cli.demo.editor import Editing
from cli.demo.programs import ProgramFailed, Programs, alone, interruptible
from cli.demo.report import compare, compared_table
from cli.demo.stage import ADMIN, PRACTICE, Stage, people_the_practice
from cli.environments import of_any_program, of_worker
from cli.following import follow
from cli.prefect_server import prefect
from cli.progress import progress
from cli.showing import Entry, activity_table
from cli.terminal import terminal
from xpm.access.login import make_link
from xpm.installation import Installation
from xpm.integration import Integration
from xpm.store import activity

FOLDER = Path(".xpm/demo")
RUN_SECONDS = 240.0  # for the runbook after the administrator's part


def demo(jobs: int, *, unattended: bool) -> None:
    """Run the demo until Ctrl-C, or to the end of its report if `unattended`."""
    console, began = terminal(), time.monotonic()
    try:
        with alone(FOLDER.with_suffix(".lock")):
            code = _play(_fresh_stage(), unattended, jobs, console)
    except (ProgramFailed, administrator.GaveUp, TimeoutError) as error:
        terminal(errors=True).print(Text(str(error), "red"), soft_wrap=True)
        sys.exit(1)
    if unattended:
        console.print(f"The demo took {_minutes(time.monotonic() - began)}.")
    sys.exit(code)


def _fresh_stage() -> Stage:
    """An empty stage, whose environment this process takes over."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(mode=0o700, parents=True)
    stage = Stage.at(FOLDER.resolve())
    os.environ.update(stage.environment())
    return stage


def _play(stage: Stage, unattended: bool, jobs: int, console: Console) -> int:
    with interruptible(), Programs(stage.folder / "logs") as programs:
        _start(stage, programs, jobs)
        with Integration.opened() as integration:
            console.print("A practice is connected, and its access is then taken away in Xero …")
            people_the_practice(integration)
            broken.connect_and_break(integration, stage)
            programs.run("deploy", [sys.executable, "-m", "cli.main", "deploy"], stage.environment())
            if unattended:
                return _unattended(stage, integration, console)
            return _attended(stage, programs, console, make_link(integration, ADMIN).get_secret_value())


def _start(stage: Stage, programs: Programs, jobs: int) -> None:
    with Installation.opened_to_migrate() as new:
        new.database.migrate()
    commands = [*_commands(stage, jobs)]
    with progress("Starting", of=len(commands)) as bar:
        for name, command, environment, ready in commands:
            bar.print(f"Starting {name} …")
            bar.show(f"Waiting until {name} answers")
            programs.start(name, command, environment, ready=ready)
            bar.advance()


def _commands(stage: Stage, jobs: int) -> Iterator[tuple[str, list[str], Mapping[str, str], str | None]]:
    """The programs, each after those it needs: name, command, environment, and an address that answers when it runs."""
    python, ours = sys.executable, stage.environment()
    sandbox = ["--port", stage.sandbox.rpartition(":")[2], "--jobs", str(jobs), "--minute-limit", "6000"]
    back = ["--redirect-uri", f"{stage.console}/oauth/callback", "--redirect-uri", f"{stage.console}/login/callback"]
    xero = [python, "-m", "sandbox", "--world", "demo", *sandbox, *back]
    fyi_xpm = [python, "-m", "cli.main"]
    yield "sandbox", xero, of_any_program(ours), f"{stage.sandbox}/sandbox/world"
    yield "prefect", [*fyi_xpm, "prefect-server"], stage.environment_of_prefect(), f"{stage.prefect}/api/health"
    yield "worker", [*fyi_xpm, "worker", "--type", "process"], of_worker(ours), None
    yield "console", [*fyi_xpm, "console"], ours, f"{stage.console}/health"


def _attended(stage: Stage, programs: Programs, console: Console, link: str) -> int:
    page = f"{stage.console}/practices/{PRACTICE}"
    console.print(
        f"\nHarbour & Vale needs to reconnect: open {page}, sign in with Xero and click Reconnect XPM.\n"
        f"At Xero, log in as mere.tane@harbourvale.example with the password practice.\n"
        f"As an operator she logs in with a link, once and within ten minutes: {link}\n\n"
        f"  Console     {stage.console}\n"
        f"  Prefect UI  {stage.prefect} (its password is the line in {_named(stage.password_file)})\n"
        f"  Sandbox     {stage.sandbox}\n\n"
        f"To use fyi-xpm on this demo in another terminal, type there first: . {_named(stage.leave_for_a_shell())}\n\n"
        "Ctrl-C stops everything.",
        soft_wrap=True,
    )
    if sys.stdout.isatty():
        webbrowser.open(page)
    try:
        while True:
            programs.check()
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("\nStopping …")
    return 0


def _named(file: Path) -> str:
    """The file's name from the folder in which the demo was started."""
    return os.path.relpath(file)


def _unattended(stage: Stage, integration: Integration, console: Console) -> int:
    tell: Callable[[str], None] = lambda what: console.print(f"The administrator {what}.", soft_wrap=True)  # noqa: E731
    run = UUID(administrator.reconnect(stage, tell))
    with (
        temporary_settings({PREFECT_API_URL: f"{stage.prefect}/api", PREFECT_API_AUTH_STRING: stage.password}),
        prefect() as client,
        progress("Waiting for a worker") as bar,
    ):
        state = follow(run, integration, client, bar, patience=RUN_SECONDS)
        to_its_end = partial(follow, integration=integration, client=client, bar=bar, patience=RUN_SECONDS)
        unsent = Editing(stage, integration, client, to_its_end, tell).play() if state.is_completed() else []
    with integration.database.read() as session:
        entries = [Entry.model_validate(entry) for entry in activity.recent(session, PRACTICE)]
    compared = compare(integration, stage.sandbox)
    console.print(activity_table(entries[::-1], integration.practice(PRACTICE).time_zone), compared_table(compared))
    wrong = [*unsent, *(str(difference) for one in compared for difference in one.differences)]
    for difference in wrong[:20]:
        console.print(difference)
    console.print(f"The run ended {state.name}; {len(wrong)} differences.")
    return 0 if state.is_completed() and not wrong else 1


def _minutes(seconds: float) -> str:
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
