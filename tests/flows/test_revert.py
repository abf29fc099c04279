"""The revert runbook: nothing is taken back before the practice's short name is typed, and nothing twice."""

import contextvars
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactCollectionFilter,
    ArtifactCollectionFilterKey,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.flow_engine import run_flow
from prefect.states import Scheduled
from sqlmodel import select

from console.prefect_runs import PrefectRuns
from console.runs import FlowRunSeen, StepState
from flows.revert import revert
from sandbox.world import HARBOUR_VALE, MERE
from tests.flows.office import MADE_BY, PATIENCE, SLUG, Office, eventually, resume
from tests.profiles import deep_but
from xpm.integration import Integration
from xpm.store.records import edits
from xpm.store.records.kinds import JOBS
from xpm.store.records.rows import Scope
from xpm.store.tables import Job
from xpm.store.vocabulary import ActivityStatus
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.revert import RevertRequest, preview

pytestmark = pytest.mark.xdist_group("prefect")

A_MOMENT = 0.05  # minutes
RECORDS = ("job", "client", "staff", "tax_return", "custom_field_definition")
PAUSED = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PAUSED])))


@pytest.fixture
def synced(connected: Office) -> tuple[Office, str]:
    """An office that has just reconnected, and the id of that run."""
    return connected, MADE_BY


@contextmanager
def somebody(
    answers: Mapping[str, object], look: Callable[[FlowRun], None] = lambda _: None
) -> Iterator[list[dict[str, Any]]]:
    """Answer the form of the run that the block starts; yield the forms that were shown."""
    shown: list[dict[str, Any]] = []
    failures: list[BaseException] = []
    of_other_tests = {run.id for run in paused_runs()}

    def work() -> None:
        try:
            run = eventually(lambda: next((run for run in paused_runs() if run.id not in of_other_tests), None))
            shown.append(eventually(lambda: form_of(run)))
            look(run)
            resume(str(run.id), answers)
        except BaseException as error:  # noqa: BLE001 - handed to the test below
            failures.append(error)

    context = contextvars.copy_context()  # Prefect keeps its settings in it
    person = threading.Thread(target=context.run, args=(work,))
    person.start()
    yield shown
    person.join(PATIENCE)
    if failures:
        raise failures[0]


def paused_runs() -> list[FlowRun]:
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(flow_run_filter=PAUSED)


def form_of(run: FlowRun) -> dict[str, Any] | None:
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(run.id).state
        keys = state.state_details.run_input_keyset if state else None
        if not keys:
            return None
        schema: dict[str, Any] = json.loads(client.read_flow_run_input(run.id, key=keys["schema"]))
        schema["description"] = json.loads(client.read_flow_run_input(run.id, key=keys["description"]))
        return schema


def counts(office: Office) -> list[int]:
    return [office.counted(table) for table in RECORDS]


def change_a_job(office: Office) -> str:
    with office.database.write() as session:
        key, number = session.exec(select(Job.key, Job.number).limit(1)).one()
        now = datetime.now(UTC)
        edits.edit(session, JOBS, Scope(SLUG, HARBOUR_VALE), key, {"state": "Ours"}, person=MERE, now=now)
    return number


def shown_table(key: str) -> list[dict[str, Any]]:
    with get_client(sync_client=True) as client:
        (found,) = client.read_latest_artifacts(
            artifact_filter=ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=[key]))
        )
    rows: list[dict[str, Any]] = json.loads(str(found.data))
    assert all(all(row) for row in rows)  # Prefect's page omits a column without a name
    return rows


def retried(ended: State[Any]) -> State[Any]:
    """Retry a run, as `prefect flow-run retry` does for runs without a deployment."""
    flow_run_id = ended.state_details.flow_run_id
    assert isinstance(flow_run_id, UUID)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run_id, Scheduled(), force=True)
        run = client.read_flow_run(flow_run_id)
    state = run_flow(revert, flow_run=run, parameters=run.parameters, return_type="state")
    assert isinstance(state, State)
    return state


def test_a_confirmed_revert_takes_the_run_back_once_however_often_it_is_retried(
    synced: tuple[Office, str],
) -> None:
    office, run = synced
    before = counts(office)
    with somebody({"short_name": SLUG}) as forms:
        state = revert(SLUG, run, person=MERE, return_state=True)
    assert state.is_completed()
    assert (state.message or "").startswith("Syncs of Harbour & Vale were taken back: 5.")
    assert before > counts(office) == [0] * len(RECORDS)
    assert "changed_since" not in forms[0]["properties"]
    assert "that would be as they were before" in forms[0]["description"]
    removed = {row["What"]: row["Removed"] for row in shown_table(f"xpm-revert-{SLUG}")}
    assert (removed["Jobs"], removed["Clients"], removed["Staff"]) == (12, 8, 4)
    entries = [entry for entry in office.activity() if entry.kind == "revert.done"]
    assert [(entry.status, entry.person) for entry in entries] == [(ActivityStatus.SUCCESS, MERE)]

    again = retried(state)

    assert (again.name, again.message) == (state.name, state.message)
    assert len([entry for entry in office.activity() if entry.kind == "revert.done"]) == 1


@pytest.mark.parametrize("typed", deep_but({"Harbour & Vale"}, ["Harbour & Vale", "HARBOUR-VALE", ""]))
def test_anything_but_the_short_name_leaves_everything_as_it_was(synced: tuple[Office, str], typed: str) -> None:
    office, run = synced
    before = counts(office)
    with somebody({"short_name": typed}):
        state = revert(SLUG, run, return_state=True)
    assert (state.name, state.is_failed()) == ("Action Required", True)
    assert (state.message or "").startswith("The revert was not confirmed.")
    assert counts(office) == before
    assert office.activity()[-1].kind == "revert.not_confirmed"


def test_without_an_answer_in_time_nothing_changes_and_a_retry_asks_again(synced: tuple[Office, str]) -> None:
    office, run = synced
    before = counts(office)
    state = revert(SLUG, run, answer_within_minutes=A_MOMENT, return_state=True)
    assert (state.name, state.is_failed()) == ("Action Required", True)
    assert (state.message or "").startswith("Nobody confirmed the revert within 0.05 minutes.")
    assert counts(office) == before
    assert office.activity()[-1].kind == "revert.not_answered"

    with somebody({"short_name": SLUG}):
        again = retried(state)

    assert again.is_completed()
    assert counts(office) == [0] * len(RECORDS)


def test_the_console_can_read_a_waiting_revert(synced: tuple[Office, str]) -> None:
    _, run = synced
    seen: list[FlowRunSeen] = []

    def look(paused: FlowRun) -> None:
        seen.append(PrefectRuns().read(paused.id))

    with somebody({"short_name": "no"}, look):
        revert(SLUG, run, return_state=True)

    assert (seen[0].runbook, seen[0].stage, seen[0].asks) == ("revert", StepState.PAUSED, False)
    assert [task.name for task in seen[0].tasks] in ([], ["Preview the revert"])  # told a moment later


def test_the_form_asks_what_to_do_with_records_that_others_changed_since(synced: tuple[Office, str]) -> None:
    office, run = synced
    number = change_a_job(office)
    with somebody({"short_name": SLUG, "changed_since": "Keep them as they are"}) as forms:
        state = revert(SLUG, run, return_state=True)
    assert state.is_completed()
    assert forms[0]["properties"]["changed_since"]["enum"][0] == "Keep them as they are"
    assert f"| Jobs | {number} | {MERE} |" in forms[0]["description"]
    assert (office.counted("job"), office.counted("client")) == (1, 0)


def test_a_command_line_confirmation_needs_no_pause_but_must_match_the_preview(
    synced: tuple[Office, str],
) -> None:
    office, run = synced
    change_a_job(office)
    with Integration.opened() as integration:
        seen = preview(integration, RevertRequest(practice=SLUG, run=run))
    before = counts(office)
    change_a_job(office)
    overwrite = seen.fingerprint(WhenChangedSince.OVERWRITE)

    state = revert(SLUG, run, confirmed=overwrite, return_state=True)

    assert (state.name, state.is_failed()) == ("Action Required", True)
    assert "no longer as the preview showed them" in (state.message or "")
    assert counts(office) == before

    with Integration.opened() as integration:
        newer = preview(integration, RevertRequest(practice=SLUG, run=run))
    assert revert(SLUG, run, confirmed=newer.fingerprint(WhenChangedSince.OVERWRITE), return_state=True).is_completed()
    assert counts(office) == [0] * len(RECORDS)


def test_a_mistake_gives_one_clear_message(office: Office) -> None:
    state = revert(SLUG, return_state=True)
    assert (state.name, state.is_failed()) == ("Action Required", True)
    assert (state.message or "").startswith("Say what to take back")
    assert [entry.kind for entry in office.activity()] == ["revert.choose_one"]


def test_a_revert_that_ends_with_an_unexpected_error_is_logged(synced: tuple[Office, str]) -> None:
    office, run = synced
    with office.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE record_change RENAME TO elsewhere")
    ended: State[Any] = revert(SLUG, run=run, confirmed="{}", return_state=True)
    assert ended.name == "Failed"
    assert office.activity()[-1].kind == "runbook.failed"
