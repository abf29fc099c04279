"""The `Runs` of a Prefect server, read and started through Prefect's client."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, State, StateType, TaskRun, WorkerStatus
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, PREFECT_UI_URL, temporary_settings
from pydantic import TypeAdapter

from console.runs import FlowRunSeen, NotDeployed, NotWaiting, RunsUnavailable, StepState, TaskSeen, UnknownFlowRun
from xpm.account.choice import none_of_these
from xpm.entities.names import EVERYTHING, Entity
from xpm.store.vocabulary import SyncMode, SyncTrigger

RECONNECT, SYNC, PUSH = "reconnect/reconnect-and-resync", "sync/sync-practice", "push/push"
TRIGGERS = {"reconnect": SyncTrigger.RECONNECT, "sync": SyncTrigger.MANUAL, "revert": SyncTrigger.REVERT}
"""The runbooks, each with the trigger of its syncs unless a run names another."""
PATIENCE = 10.0  # seconds; a person waits for the page
RETRIES = 3  # Prefect on SQLite answers 503 for a few seconds while it writes for another request
CHOICE, NAME = "account", "account_name"  # fields of the forms that ask for the account and for its name

STAGES = {
    StateType.SCHEDULED: StepState.STARTING,
    StateType.PENDING: StepState.STARTING,
    StateType.RUNNING: StepState.RUNNING,
    StateType.PAUSED: StepState.PAUSED,
    StateType.CANCELLING: StepState.RUNNING,
    StateType.COMPLETED: StepState.COMPLETED,
    StateType.FAILED: StepState.FAILED,
    StateType.CRASHED: StepState.FAILED,
    StateType.CANCELLED: StepState.FAILED,
}

AWAITING_RETRY = "AwaitingRetry"  # Prefect's name of the state of a failed task that is tried again

_ENTITIES = TypeAdapter(tuple[Entity, ...])


class PrefectRuns:
    """`Runs` on the server that PREFECT_API_URL names. Threads may share it."""

    def start_reconnect(
        self,
        practice: str,
        admin_email: str,
        *,
        long_term_user: bool,
        another_account: bool = False,
        after: str | None = None,
    ) -> UUID:
        """Start the reconnect runbook. Prefect gives one run to all who ask with the same idempotency key."""
        parameters = {
            "practice": practice,
            "admin_email": admin_email,
            "long_term_user": long_term_user,
            "another_account": another_account,
        }
        return self._start(RECONNECT, parameters, key=f"{practice}/reconnect after {after or 'none'}")

    def start_sync(
        self, practice: str, entities: Sequence[Entity], mode: SyncMode, person: str, *, confirm_missing: int = 0
    ) -> UUID:
        """Start a sync by hand."""
        asked = {"practice": practice, "entities": list(entities), "mode": mode, "person": person}
        return self._start(SYNC, asked | ({"confirm_missing": confirm_missing} if confirm_missing else {}))

    def start_push(self, practice: str) -> UUID:
        """Start a push of the practice."""
        return self._start(PUSH, {"practice": practice})

    def read(self, run_id: UUID) -> FlowRunSeen:
        """Read the run, its tasks and, while it is paused with a question, what to choose or confirm."""
        with _client() as client:
            run = _run_of(client, run_id)
            runbook = client.read_flow(run.flow_id).name
            if runbook not in TRIGGERS or run.state is None or run.parameters.get("dry_run"):
                raise UnknownFlowRun(run_id)
            only_this = FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))
            tasks = client.read_task_runs(flow_run_filter=only_this)
            asked = _asked(client, run_id, run.state)
            return FlowRunSeen(
                id=run.id,
                runbook=runbook,
                practice=str(run.parameters.get("practice", "")),
                stage=STAGES[run.state.type],
                due=run.state.state_details.scheduled_time or run.state.timestamp,
                is_polled=STAGES[run.state.type] is not StepState.STARTING or _is_polled(client, run.work_pool_name),
                ended=run.end_time,
                entities=_entities(runbook, run.parameters),
                mode=SyncMode(run.parameters.get("mode", SyncMode.FULL)),
                trigger=SyncTrigger(run.parameters.get("trigger", TRIGGERS[runbook])),
                chosen=bool(run.parameters.get("records")),
                is_cancelling=run.state.is_cancelling(),
                tasks=_latest(tasks),
                choices=tuple(one for one in asked.get(CHOICE, {}).get("enum", ()) if one != none_of_these()),
                compared=asked.get(NAME, {}).get("compared"),
                link=_link(run_id),
            )

    def wake(self, run_id: UUID) -> None:
        """Resume the pause that waits for Xero's answer; its form has no fields."""
        self._resume(run_id, {})

    def choose(self, run_id: UUID, label: str) -> None:
        """Resume the pause that asks for the account."""
        self._resume(run_id, {CHOICE: label})

    def confirm(self, run_id: UUID, name: str) -> None:
        """Resume the pause that asks for the account's name."""
        self._resume(run_id, {NAME: name})

    def stop(self, run_id: UUID) -> None:
        """Resume the pause that asks for the account, or for its name, so that the run stops."""
        asks_for_name = self.read(run_id).compared is not None
        self._resume(run_id, {NAME: "", "stop": True} if asks_for_name else {CHOICE: none_of_these()})

    def _start(self, deployment: str, parameters: dict[str, Any], key: str | None = None) -> UUID:
        with _client() as client:
            try:
                found = client.read_deployment_by_name(deployment)
            except ObjectNotFound:
                raise NotDeployed(deployment) from None
            return client.create_flow_run_from_deployment(found.id, parameters=parameters, idempotency_key=key).id

    def _resume(self, run_id: UUID, answer: dict[str, Any]) -> None:
        """Resume a pause. The server checks the answer against the form, so no pause accepts the answer to another."""
        with _client() as client:
            run = _run_of(client, run_id)
            if run.state is None or not run.state.is_paused():
                raise NotWaiting(run_id)
            if client.resume_flow_run(run_id, run_input=answer).status is not SetStateStatus.ACCEPT:
                raise NotWaiting(run_id)


@contextmanager
def _client() -> Iterator[SyncPrefectClient]:
    """Open a client that gives up soon. Without an address, Prefect would start its own server, which has no runs."""
    if not PREFECT_API_URL.value():
        raise RunsUnavailable("PREFECT_API_URL is not set")
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: RETRIES}):
        try:
            with get_client(sync_client=True, httpx_settings={"timeout": PATIENCE}) as client:
                yield client
        except httpx.HTTPError as error:
            raise RunsUnavailable(type(error).__name__) from error


def _run_of(client: SyncPrefectClient, run_id: UUID) -> FlowRun:
    try:
        return client.read_flow_run(run_id)
    except ObjectNotFound:
        raise UnknownFlowRun(run_id) from None


def _entities(runbook: str, parameters: Mapping[str, Any]) -> tuple[Entity, ...]:
    """Return what a run syncs. Prefect stores only given parameters; a run without `entities` syncs everything."""
    if runbook == "revert":
        return ()
    given = _ENTITIES.validate_python(parameters.get("entities", EVERYTHING))
    if not parameters.get("records"):
        return given
    return (*(entity for entity in given if entity in {Entity.JOBS, Entity.CLIENTS}), Entity.CUSTOM_FIELDS)


def _latest(tasks: Sequence[TaskRun]) -> tuple[TaskSeen, ...]:
    """Keep the latest try of each task: a retried run also has the tasks of its earlier tries."""
    latest = {_name(task): task for task in sorted(tasks, key=_begun)}
    return tuple(
        TaskSeen(name=name, stage=_stage(task.state), again_at=_again_at(task.state)) for name, task in latest.items()
    )


def _begun(task: TaskRun) -> float:
    moment = task.start_time or task.expected_start_time or task.created
    return moment.timestamp() if moment else 0.0


def _name(task: TaskRun) -> str:
    """Return the task's name without the piece of an id that Prefect appends."""
    return task.name.removesuffix(f"-{task.dynamic_key[:3]}")


def _stage(state: State[Any] | None) -> StepState:
    if state is None:
        return StepState.STARTING
    if state.name == AWAITING_RETRY:  # its type is that of a task that has not begun
        return StepState.RUNNING
    return StepState.SKIPPED if state.name == "Skipped" else STAGES[state.type]


def _again_at(state: State[Any] | None) -> datetime | None:
    """Return when a task is tried again that failed and waits for that."""
    return state.state_details.scheduled_time if state is not None and state.name == AWAITING_RETRY else None


def _is_polled(client: SyncPrefectClient, pool: str | None) -> bool:
    """Whether a worker of this pool has given a sign of life lately."""
    if pool is None:
        return False
    try:
        workers = client.read_workers_for_work_pool(pool)
    except ObjectNotFound:
        return False
    return any(worker.status is WorkerStatus.ONLINE for worker in workers)


def _asked(client: SyncPrefectClient, run_id: UUID, state: State[Any]) -> Mapping[str, Any]:
    """Return the paused form's fields, in JSON Schema. Empty just after the pause: the form is stored after it."""
    keys = state.state_details.run_input_keyset
    if not state.is_paused() or not keys:
        return {}
    try:
        form = json.loads(client.read_flow_run_input(run_id, keys["schema"]))
    except httpx.HTTPStatusError as error:
        if error.response.status_code == httpx.codes.NOT_FOUND:
            return {}
        raise
    fields: Mapping[str, Any] = form.get("properties", {})
    return fields


def _link(run_id: UUID) -> str | None:
    """Return the address of the run in Prefect's UI."""
    ui = PREFECT_UI_URL.value()
    return f"{ui}/runs/flow-run/{run_id}" if ui else None
