"""The command follows a run step by step until its last message."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, State, StateType, TaskRun
from prefect.client.schemas.sorting import TaskRunSort
from prefect.states import AwaitingRetry, Completed, Failed, Pending, Running
from rich.console import Console
from rich.progress import Progress

from cli.following import follow
from cli.progress import Bar
from tests.cli.shell import MERE, SLUG, Installed
from xpm.integration import Integration
from xpm.store import people
from xpm.store.consent import attempts
from xpm.store.pull import runs
from xpm.store.pull.runs import RunCounts
from xpm.store.tables import AuthorisationAttempt
from xpm.store.vocabulary import AttemptOutcome, SyncMode, SyncTrigger

RUN = uuid4()


def step(name: str, state: State) -> TaskRun:
    key = "a1b2c3d4-5e6f"
    took = timedelta(seconds=2)
    return TaskRun(name=f"{name}-{key[:3]}", task_key=name, dynamic_key=key, state=state, total_run_time=took)


CHECKED = step("Check your user account", Completed())
SKIPPED = step("Sync tax returns", Completed(name="Skipped"))
UNREAD = step("Sync jobs", Failed())
WORKING = step("Sync clients", Running())


@dataclass
class ScriptedPrefect:
    """A Prefect whose run changes each time it is looked at."""

    scenes: Iterator[tuple[State, Sequence[TaskRun]]]
    steps: Sequence[TaskRun] = field(default=(), init=False)

    def read_flow_run(self, flow_run_id: UUID) -> FlowRun:
        state, self.steps = next(self.scenes)
        return FlowRun(id=flow_run_id, flow_id=uuid4(), state=state, parameters={"practice": SLUG})

    def read_task_runs(self, *, flow_run_filter: FlowRunFilter, sort: TaskRunSort) -> list[TaskRun]:
        return list(reversed(self.steps))


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.following.LOOK_EVERY", 0.01)


@pytest.fixture
def integration(installed: Installed) -> Iterator[Integration]:
    installed.add_practice()
    with installed.integration() as integration:
        yield integration


def followed(integration: Integration, *scenes: tuple[State, Sequence[TaskRun]], terminal: bool = False) -> str:
    printed = StringIO()
    console = Console(file=printed, width=120, markup=False, force_terminal=terminal)
    with Progress(console=console, disable=not terminal) as shown:
        follow(RUN, integration, ScriptedPrefect(iter(scenes)), Bar(shown, "Waiting", None, console))
    return printed.getvalue()


def test_each_step_is_printed_once_when_it_ends_and_the_runs_message_comes_last(integration: Integration) -> None:
    told = followed(
        integration,
        (Pending(), []),
        (Running(), [CHECKED, WORKING]),
        (Running(), [CHECKED, UNREAD, WORKING]),
        (Failed(name="Failure", message="One part did not end well."), [CHECKED, UNREAD, SKIPPED]),
    )

    assert told.splitlines() == [
        "✓ Check your user account 2.0 s",
        "✗ Sync jobs 2.0 s",
        "✓ Sync tax returns (skipped) 2.0 s",
        "One part did not end well.",
    ]


def test_a_step_with_a_name_of_its_own_keeps_the_whole_of_it(integration: Integration) -> None:
    sent = TaskRun(name=f"Send edits of {SLUG}", task_key="push", dynamic_key="a1b2", state=Completed())

    assert followed(integration, (Completed(message="Done."), [sent])).startswith(f"✓ Send edits of {SLUG} ")


def test_a_step_that_waits_to_be_tried_again_says_so_once(integration: Integration) -> None:
    waits = step("Sync staff", AwaitingRetry(scheduled_time=datetime.now(UTC) + timedelta(seconds=30, hours=1)))
    told = followed(integration, (Running(), [waits]), (Running(), [waits]), (Completed(message="Done."), []))
    (line, last) = told.splitlines()
    assert line.startswith("Sync staff: waiting for Xero; the next try follows in about 3,6")
    assert last == "Done."


def test_a_run_without_a_message_ends_with_the_name_of_its_state(integration: Integration) -> None:
    assert followed(integration, (Completed(), [])) == "Completed\n"


@pytest.fixture
def attempt(integration: Integration) -> AuthorisationAttempt:
    """The run waits for Mere to log in to Xero."""
    now = integration.clock()
    with integration.database.write() as session:
        person = people.by_email(session, SLUG, MERE)
        assert person is not None
        return attempts.open_attempt(
            session,
            practice=SLUG,
            user_id=person.id,
            flow_run_id=str(RUN),
            expires_at=now + timedelta(hours=1),
            now=now,
        )


def test_the_link_is_printed_once_and_on_one_line(integration: Integration, attempt: AuthorisationAttempt) -> None:
    told = followed(integration, (Running(), []), (Running(), []), (Completed(message="Done."), []))

    (link, done) = told.splitlines()
    assert link.endswith(f"/connect/{attempt.id}")
    assert done == "Done."


def test_the_page_to_confirm_the_account_is_printed_once_when_the_run_asks(
    integration: Integration, attempt: AuthorisationAttempt
) -> None:
    with integration.database.write() as session:
        attempts.close(session, attempt.id, AttemptOutcome.GRANTED, now=integration.clock())
        attempts.choose(session, attempt.id, tenant_id="3f6e", tenant_name="Harbour & Vale", xero_connection_id="c-1")
    paused = State(type=StateType.PAUSED)

    told = followed(integration, (Running(), []), (paused, []), (paused, []), (Completed(message="Done."), []))

    console = integration.settings.xpm_console_url
    assert told.splitlines() == [f"Confirm the account by its name: {console}/runs/{RUN}", "Done."]


def test_a_run_that_waits_for_the_login_does_not_ask_to_confirm_the_account(
    integration: Integration, attempt: AuthorisationAttempt
) -> None:
    told = followed(integration, (State(type=StateType.PAUSED), []), (Completed(message="Done."), []))

    assert "Confirm the account" not in told


def test_a_terminal_shows_how_many_records_a_sync_has_read(integration: Integration) -> None:
    with integration.database.write() as session:
        started = runs.start(
            session,
            practice=SLUG,
            tenant_id="3f6e",
            entity="jobs",
            mode=SyncMode.FULL,
            trigger=SyncTrigger.MANUAL,
            now=integration.clock(),
        )
        runs.checkpoint(session, started.id, RunCounts(added=200, changed=40, unchanged=10))

    told = followed(integration, *[(Running(), [WORKING])] * 30, (Completed(message="Done."), []), terminal=True)

    assert "jobs: 250 records" in told


def test_brackets_in_a_sentence_are_printed_as_they_are(integration: Integration) -> None:
    assert followed(integration, (Failed(message="Vale [red] is unknown."), [])) == "Vale [red] is unknown.\n"


def test_following_gives_up_when_its_patience_ends(integration: Integration) -> None:
    for_ever = ScriptedPrefect(iter(lambda: (Running(), []), None))

    with pytest.raises(TimeoutError, match="did not end"):
        follow(RUN, integration, for_ever, Bar(Progress(disable=True), "", None, Console(quiet=True)), patience=0.05)
