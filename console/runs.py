"""Flow runs as the console sees them: what it asks of Prefect, and what it gets back."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from xpm.account.comparison import AccountComparison
from xpm.entities.names import Entity
from xpm.store.vocabulary import SyncMode, SyncTrigger


class RunsUnavailable(Exception):
    """Prefect does not answer, or answers with an error."""


class NotDeployed(Exception):
    """Prefect answers, but does not have the runbook's deployment; carries its name."""


class UnknownFlowRun(Exception):
    """Prefect has no such run, or the run is not one of ours."""


class NotWaiting(Exception):
    """The run does not wait for this answer: not yet, no longer, or it waits for another one."""


class StepState(StrEnum):
    """How far a run or one of its steps is."""

    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    SKIPPED = "skipped"
    FAILED = "failed"
    PARKED = "parked"  # the day's requests are used up; another run continues it
    ATTENTION = "attention"  # a sync ended with something an administrator has to look at

    @property
    def is_over(self) -> bool:
        """Whether the step has ended."""
        return self in {StepState.COMPLETED, StepState.SKIPPED, StepState.FAILED, StepState.ATTENTION}


class TaskSeen(BaseModel):
    """The latest try of one task of a run, with the name that Prefect's UI shows."""

    model_config = ConfigDict(frozen=True)

    name: str
    stage: StepState
    again_at: datetime | None = None
    """When a task that failed is tried again."""


class FlowRunSeen(BaseModel):
    """One run of a runbook, with the question it is paused with, if any.

    `choices`: the labels to choose from. `compared`: the account to confirm by typing its name. `entities`: what the
    run syncs, unless the practice's settings leave it out for the `trigger`. `chosen`: it syncs only chosen records.
    `is_cancelling`: somebody cancelled the run, and it is about to end. `due`: when it was last scheduled to begin or
    to go on. `is_polled`: a worker looks for runs like this one; not looked up once the run has begun.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    runbook: str
    practice: str
    stage: StepState
    due: datetime
    is_polled: bool = True
    ended: datetime | None = None
    entities: tuple[Entity, ...] = ()
    mode: SyncMode = SyncMode.FULL
    trigger: SyncTrigger = SyncTrigger.MANUAL
    chosen: bool = False
    is_cancelling: bool = False
    tasks: tuple[TaskSeen, ...] = ()
    choices: tuple[str, ...] = ()
    compared: AccountComparison | None = None
    link: str | None = None

    @property
    def asks(self) -> bool:
        """Whether it waits for an answer that the console can give."""
        return bool(self.choices) or self.compared is not None


class Runs(Protocol):
    """Prefect, as far as the console needs it. Every call may raise RunsUnavailable."""

    def start_reconnect(
        self,
        practice: str,
        admin_email: str,
        *,
        long_term_user: bool,
        another_account: bool = False,
        after: str | None = None,
    ) -> UUID:
        """Start the reconnect runbook. Of two that start at once `after` the same run, one starts and both get it.

        Raises NotDeployed.
        """

    def start_sync(
        self, practice: str, entities: Sequence[Entity], mode: SyncMode, person: str, *, confirm_missing: int = 0
    ) -> UUID:
        """Start a sync, which archives as many missing records as a person has confirmed. Raises NotDeployed."""

    def start_push(self, practice: str) -> UUID:
        """Start to send the practice's edits. Raises NotDeployed."""

    def read(self, run_id: UUID) -> FlowRunSeen:
        """Read the run as it is now. Raises UnknownFlowRun."""

    def wake(self, run_id: UUID) -> None:
        """Resume a run that waits for Xero's answer, so that it looks for it. Raises NotWaiting, UnknownFlowRun."""

    def choose(self, run_id: UUID, label: str) -> None:
        """Answer the form that asks for the account. Raises NotWaiting, UnknownFlowRun."""

    def confirm(self, run_id: UUID, name: str) -> None:
        """Answer the form that asks for the account's name. Raises NotWaiting, UnknownFlowRun."""

    def stop(self, run_id: UUID) -> None:
        """Answer either form with "no", which stops the run. Raises NotWaiting, UnknownFlowRun."""
