"""Prefect as the console sees it, in memory: runs start, pause, wait for the right answer and end."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from console.runs import FlowRunSeen, NotDeployed, NotWaiting, RunsUnavailable, StepState, TaskSeen, UnknownFlowRun
from xpm.account.comparison import AccountComparison
from xpm.entities.names import EVERYTHING, Entity
from xpm.store.vocabulary import SyncMode

CONSENT = "consent"
"""What a run waits for while it is paused until Xero's answer arrives."""

STOPPED = "stop"


class FakeRuns:
    """Runs that a test advances."""

    def __init__(self) -> None:
        self.runs: dict[UUID, FlowRunSeen] = {}
        self.started: list[dict[str, Any]] = []
        self.waits_for: dict[UUID, str] = {}
        self.answers: list[tuple[UUID, str]] = []
        self.by_key: dict[tuple[str, str | None], UUID] = {}
        self.is_up = True
        self.is_deployed = True

    def start_reconnect(
        self,
        practice: str,
        admin_email: str,
        *,
        long_term_user: bool,
        another_account: bool = False,
        after: str | None = None,
    ) -> UUID:
        if (practice, after) in self.by_key:
            return self.by_key[practice, after]
        asked = {
            "practice": practice,
            "admin_email": admin_email,
            "long_term_user": long_term_user,
            "another_account": another_account,
        }
        self.by_key[practice, after] = self._start("reconnect", practice, EVERYTHING, asked)
        return self.by_key[practice, after]

    def start_sync(
        self, practice: str, entities: Sequence[Entity], mode: SyncMode, person: str, *, confirm_missing: int = 0
    ) -> UUID:
        asked: dict[str, Any] = {"practice": practice, "entities": list(entities), "mode": mode, "person": person}
        asked |= {"confirm_missing": confirm_missing} if confirm_missing else {}
        run_id = self._start("sync", practice, tuple(entities), asked)
        self.runs[run_id] = self.runs[run_id].model_copy(update={"mode": mode})
        return run_id

    def start_push(self, practice: str) -> UUID:
        return self._start("push", practice, (), {"practice": practice})

    def read(self, run_id: UUID) -> FlowRunSeen:
        if not self.is_up:
            raise RunsUnavailable
        if run_id not in self.runs:
            raise UnknownFlowRun(run_id)
        return self.runs[run_id]

    def wake(self, run_id: UUID) -> None:
        self._answer(run_id, CONSENT, "look")

    def choose(self, run_id: UUID, label: str) -> None:
        self._answer(run_id, "practice", label)

    def confirm(self, run_id: UUID, name: str) -> None:
        self._answer(run_id, "name", name)

    def stop(self, run_id: UUID) -> None:
        self._answer(run_id, self.waits_for.get(run_id, ""), STOPPED)

    def add(
        self, practice: str, runbook: str = "reconnect", entities: Sequence[Entity] = EVERYTHING, **more: object
    ) -> UUID:
        """Add a new run."""
        run_id = uuid4()
        self.runs[run_id] = FlowRunSeen(
            id=run_id,
            runbook=runbook,
            practice=practice,
            stage=StepState.STARTING,
            due=datetime.now(UTC),
            entities=tuple(entities),
            link=f"http://127.0.0.1:4200/runs/flow-run/{run_id}",
        ).model_copy(update=more)
        return run_id

    def move(self, run_id: UUID, stage: StepState, done: Sequence[str] = (), **changes: Any) -> None:  # noqa: ANN401
        """Advance a run: tasks are done, or something else changes."""
        tasks = tuple(TaskSeen(name=name, stage=StepState.COMPLETED) for name in done)
        update = {"stage": stage, "tasks": (*self.runs[run_id].tasks, *tasks)} | changes
        self.runs[run_id] = self.runs[run_id].model_copy(update=update)

    def pause_for_consent(self, run_id: UUID) -> None:
        self.move(run_id, StepState.PAUSED, ["Check your user account", "Publish the link to Xero"])
        self.waits_for[run_id] = CONSENT

    def pause_for_choice(self, run_id: UUID, *labels: str) -> None:
        self.move(run_id, StepState.PAUSED, ["Allow access", "List the accounts"], choices=labels)
        self.waits_for[run_id] = "practice"

    def pause_for_name(self, run_id: UUID, compared: AccountComparison) -> None:
        self.move(run_id, StepState.PAUSED, ["Choose the account", "Compare the account"], compared=compared)
        self.waits_for[run_id] = "name"

    def _start(self, runbook: str, practice: str, entities: Sequence[Entity], asked: dict[str, Any]) -> UUID:
        if not self.is_up:
            raise RunsUnavailable
        if not self.is_deployed:
            raise NotDeployed(runbook)
        self.started.append(asked)
        return self.add(practice, runbook, entities)

    def _answer(self, run_id: UUID, question: str, answer: str) -> None:
        run = self.read(run_id)
        if self.waits_for.get(run_id) != question or (run.choices and answer not in (*run.choices, STOPPED)):
            raise NotWaiting(run_id)
        del self.waits_for[run_id]
        self.answers.append((run_id, answer))
        self.move(run_id, StepState.RUNNING, choices=(), compared=None)
