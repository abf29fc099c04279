"""Flow runs as the console sees them: what it may ask of Prefect, and what it hears back."""

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
    """Prefect does not answer, or not as it should."""


class NotDeployed(Exception):
    """Prefect answers, but does not know the runbook that was to be started; carries its name."""


class UnknownFlowRun(Exception):
    """Prefect has no such run, or it is none of ours."""


class NotWaiting(Exception):
    """The run does not wait for this answer: not yet, not any more, or for another one."""


class StepState(StrEnum):
    """How far a run or one of its steps is."""

    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    SKIPPED = "skipped"
    FAILED = "failed"
    ATTENTION = "attention"  # of a sync that ended, with something an administrator has to look at

    @property
    def is_over(self) -> bool:
        """Whether nothing follows by itself."""
        return self in {StepState.COMPLETED, StepState.SKIPPED, StepState.FAILED, StepState.ATTENTION}


class TaskSeen(BaseModel):
    """The latest try of one task of a run, under the name the Prefect UI shows."""

    model_config = ConfigDict(frozen=True)

    name: str
    stage: StepState


class FlowRunSeen(BaseModel):
    """One run of a runbook, with what the form asks that it is paused with, if it asks anything.

    `choices`: the labels to choose from; `compared`: what is to be confirmed by typing a name. `entities`: what it
    syncs, unless the practice's settings leave it out for the `trigger`; `chosen`: only some records of that.
    `is_cancelling`: somebody cancelled it, and it is about to end.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    runbook: str
    practice: str
    stage: StepState
    created: datetime
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
        """Whether it waits for an answer that is given here."""
        return bool(self.choices) or self.compared is not None


class Runs(Protocol):
    """Prefect, as far as the console needs it. Every call may raise RunsUnavailable."""

    def start_reconnect(
        self, practice: str, admin_email: str, *, long_term_user: bool, another_account: bool = False
    ) -> UUID:
        """Start the reconnect runbook. Raises NotDeployed."""

    def start_sync(self, practice: str, entities: Sequence[Entity], mode: SyncMode, person: str) -> UUID:
        """Start a sync. Raises NotDeployed."""

    def read(self, run_id: UUID) -> FlowRunSeen:
        """The run as it is now. Raises UnknownFlowRun."""

    def wake(self, run_id: UUID) -> None:
        """Let a run that waits for the answer of Xero look for it. Raises NotWaiting, UnknownFlowRun."""

    def choose(self, run_id: UUID, label: str) -> None:
        """Answer the form of the choice of a practice. Raises NotWaiting, UnknownFlowRun."""

    def confirm(self, run_id: UUID, name: str) -> None:
        """Answer the form that wants the practice's name typed. Raises NotWaiting, UnknownFlowRun."""
