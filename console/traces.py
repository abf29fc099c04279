"""Reads the traces of one flow run in FYI's database: its attempt, its syncs, its Practice Activity."""

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from xpm.store.consent import attempts
from xpm.store.tables import AuthorisationAttempt, PracticeActivity, SyncRun
from xpm.store.vocabulary import AttemptOutcome


class RunTraces(BaseModel):
    """The traces of a run: the newest attempt, one sync per entity, and the entries, newest first."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    attempt: AuthorisationAttempt | None
    syncs: dict[str, SyncRun]
    entries: tuple[PracticeActivity, ...]

    @property
    def awaits_login(self) -> bool:
        """Whether the administrator still has to log in to Xero."""
        return self.attempt is not None and self.attempt.outcome is AttemptOutcome.WAITING

    @property
    def has_answer(self) -> bool:
        """Whether Xero has answered, with success or not."""
        return self.attempt is not None and self.attempt.outcome is not AttemptOutcome.WAITING


def traces_of(session: Session, flow_run_id: str) -> RunTraces:
    """Read the traces of one run."""
    tried = attempts.of_run(session, flow_run_id)
    syncs = select(SyncRun).where(SyncRun.flow_run_id == flow_run_id).order_by(col(SyncRun.number))
    entries = select(PracticeActivity).where(PracticeActivity.flow_run_id == flow_run_id)
    return RunTraces(
        attempt=tried[0] if tried else None,
        syncs={sync.entity: sync for sync in session.exec(syncs)},
        entries=tuple(session.exec(entries.order_by(col(PracticeActivity.id).desc()))),
    )
