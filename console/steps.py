"""Makes the steps of the support article out of the tasks that Prefect knows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from console.runs import FlowRunSeen, StepState
from console.traces import RunTraces
from xpm.entities.gates import left_out_for
from xpm.entities.names import EVERYTHING, Entity
from xpm.entities.registry import DEFINITIONS
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import RunStatus
from xpm.words import step_title

TO_RECONNECT = {
    "check_user_account": ("check_user_account",),
    "log_in": ("publish_link", "allow_access"),
    "choose_account": ("list_accounts", "choose_account"),
    "check_account": ("check_account",),
    "confirm_account": ("compare_account", "confirm_account"),
    "reset_connection": ("reset_connection",),
}
"""The article's steps, each with its tasks; both are keys of the words catalogue."""
ONLY_IF_NEEDED = frozenset({"confirm_account"})
"""Steps that most reconnects skip; the page lists them once they have begun."""
TO_SYNC = {"check_connection": ("check_connection",)}
AT_THE_END = {"log": ("log",)}

MARKS = {
    StepState.COMPLETED: "✓",
    StepState.FAILED: "✕",
    StepState.SKIPPED: "\N{EN DASH}",
    StepState.ATTENTION: "!",
    StepState.RUNNING: "●",
    StepState.PAUSED: "●",
    StepState.STARTING: "○",
    StepState.PARKED: "○",
}


@dataclass(frozen=True)
class Step:
    """One line of the list: its title, how far it is, a remark such as how many records arrived, and its tasks."""

    label: str
    stage: StepState
    remark: str = ""
    tasks: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """The sign before the title; for people who cannot see it, the stage follows in words."""
        return MARKS[self.stage]

    @property
    def progress(self) -> str:
        """How far it is, in a word."""
        words = {
            StepState.STARTING: "to do",
            StepState.PAUSED: "waiting for you",
            StepState.COMPLETED: "done",
            StepState.SKIPPED: "left out",
            StepState.ATTENTION: "needs a look",
        }
        return words.get(self.stage, str(self.stage))


def steps_of(run: FlowRunSeen, traces: RunTraces, now: datetime, shown: Callable[[datetime], str]) -> list[Step]:
    """List all steps of the runbook, including those still to come. `shown` writes a time for the practice."""
    return [_waiting(step, run, now) for step in _steps_of(run, traces, shown)]


def _waiting(step: Step, run: FlowRunSeen, now: datetime) -> Step:
    """Say of a step that failed when it is tried again, if it is."""
    again_at = next((task.again_at for task in run.tasks if task.again_at and task.name in step.tasks), None)
    if again_at is None or run.stage.is_over:
        return step
    seconds = max(0, round((again_at - now).total_seconds()))
    return replace(step, remark=f"tries again in {seconds} s")


def _steps_of(run: FlowRunSeen, traces: RunTraces, shown: Callable[[datetime], str]) -> list[Step]:
    seen = {task.name: task.stage for task in run.tasks}
    if run.runbook == "revert":
        return _steps_of_revert(run, seen)
    before = [
        step
        for name, tasks in (TO_RECONNECT if run.runbook == "reconnect" else TO_SYNC).items()
        if (step := _step(name, tasks, seen, run)) and (name not in ONLY_IF_NEEDED or _has_begun(tasks, seen))
    ]
    syncs = [_sync_step(entity, seen, traces, run, shown) for entity in EVERYTHING if entity in run.entities]
    return [*before, *syncs, *(_step(name, tasks, seen, run) for name, tasks in AT_THE_END.items())]


def now_at(steps: Sequence[Step]) -> str:
    """Say in a few words which step the run is at, for people to whom the page is read."""
    at = next((step for step in steps if not step.stage.is_over), steps[-1])
    return f"{at.label}: {at.progress}"


def _step(name: str, tasks: Sequence[str], seen: Mapping[str, StepState], run: FlowRunSeen) -> Step:
    names = tuple(step_title(task) for task in tasks)
    return Step(step_title(name), _stage(names, seen, run), tasks=names)


def _has_begun(tasks: Sequence[str], seen: Mapping[str, StepState]) -> bool:
    return any(step_title(task) in seen for task in tasks)


def _steps_of_revert(run: FlowRunSeen, seen: Mapping[str, StepState]) -> list[Step]:
    """List the preview, and the step that follows once somebody confirms it in Prefect."""
    previewed = seen.get(step_title("preview_revert")) is StepState.COMPLETED
    take_back = ("preview_revert", "take_syncs_back") if previewed else ("take_syncs_back",)
    return [
        _step("preview_revert", ("preview_revert",), seen, run),
        _step("take_syncs_back", take_back, seen, run),
    ]


def _sync_step(
    entity: Entity,
    seen: Mapping[str, StepState],
    traces: RunTraces,
    run: FlowRunSeen,
    shown: Callable[[datetime], str],
) -> Step:
    label = step_title("sync", entity=entity.label.lower())
    counted = traces.syncs.get(entity)
    stage = _stage((label,), seen, run)
    if counted is None:
        return Step(label, stage, tasks=(label,))
    if stage is StepState.FAILED and counted.status is RunStatus.ACTION_REQUIRED:
        stage = StepState.ATTENTION
    if counted.status is RunStatus.SKIPPED and counted.reason_key:
        why = left_out_for(entity, counted.reason_key, run.practice)
        return Step(label, StepState.SKIPPED, why.title, (label,))
    if stage is StepState.FAILED and counted.status is RunStatus.PARKED and counted.resumes_at:
        return Step(label, StepState.PARKED, f"continues on {shown(counted.resumes_at)}", (label,))
    return Step(label, stage, _read(entity, counted), (label,))


def _read(entity: Entity, counted: SyncRun) -> str:
    read = counted.added + counted.changed + counted.unchanged + counted.restored
    noun = "definition" if DEFINITIONS[entity].counts_answers else "record"
    values = f"values of {counted.compared:,} clients and jobs" if counted.compared else ""
    return ", ".join(filter(None, [f"{read:,} {noun}{'s' if read > 1 else ''}" if read else "", values]))


def _stage(names: Sequence[str], seen: Mapping[str, StepState], run: FlowRunSeen) -> StepState:
    """A step is over when its last task is. Between two of its tasks, it is running or waits for a person."""
    if run.stage is StepState.COMPLETED and names[-1] not in seen:
        return StepState.COMPLETED  # Prefect learns of a run's last tasks just after its end
    stages = [seen[name] for name in names if name in seen]
    if not stages:
        return StepState.SKIPPED if run.stage.is_over else StepState.STARTING
    if StepState.FAILED in stages:
        return StepState.FAILED
    last = seen.get(names[-1])
    if last is not None and last.is_over:
        return last
    if run.stage.is_over:
        return StepState.FAILED
    return StepState.PAUSED if run.stage is StepState.PAUSED else StepState.RUNNING
