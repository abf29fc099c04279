"""Gives up a reconnect for a newer one of the same practice. The newer one wins, and the older one says by whom."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlmodel import Session

from xpm.consent.states import give_up, reconnecting_run
from xpm.store import practices
from xpm.store.consent import attempts, connections, consents
from xpm.store.tables import AuthorisationAttempt
from xpm.store.vocabulary import AttemptOutcome, ConsentStatus
from xpm.words import Message, message
from xpm.words.moments import moment_in


class Superseded(BaseModel):
    """Who started a newer reconnect, when, and its flow run; kept with the attempt that it replaced."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    practice: str
    person: str
    at: str
    run: str

    @property
    def message(self) -> Message:
        """Say so."""
        return message("consent.superseded", **self.model_dump())


def superseded_by(attempt: AuthorisationAttempt) -> Superseded | None:
    """Return which newer reconnect replaced this attempt, if one did."""
    try:
        return Superseded.model_validate(attempt.reason_facts)
    except ValidationError:
        return None


def run_superseded_by(session: Session, flow_run_id: str) -> Superseded | None:
    """Return which newer reconnect replaced this flow run, if one did."""
    return next(filter(None, map(superseded_by, attempts.of_run(session, flow_run_id))), None)


def supersede(
    session: Session, practice: str, older: str, *, person: str, run: str, now: datetime, asked_by: str | None = None
) -> None:
    """Give up the reconnect of the flow run `older`, so that its link and its answers are refused from now on.

    Harmless when repeated, and for a reconnect that is over. One that has not asked for a login yet gets a closed
    attempt, so that it is refused when it does.

    Args:
        session: The caller's transaction. The connection is locked until its end.
        practice: The practice's short name.
        older: The flow run that is given up.
        person: The name of whoever started the newer reconnect.
        run: The flow run of the newer reconnect.
        now: When that was.
        asked_by: FYI's id of the person who asked for `older`, if it may not have asked for a login yet.
    """
    connection = connections.locked(session, practice)
    tried = attempts.of_run(session, older)
    is_done = connection.consent_id in {attempt.consent_id for attempt in tried if attempt.consent_id}
    if run_superseded_by(session, older) or (is_done and reconnecting_run(session, practice) != older):
        return
    known = practices.get(session, practice)
    by = Superseded(practice=known.name, person=person, at=moment_in(now, known.time_zone), run=run)
    if not tried and asked_by:
        attempts.open_attempt(session, practice=practice, user_id=asked_by, flow_run_id=older, expires_at=now, now=now)
    give_back(session, practice, by.message, now=now, flow_run_id=older, reason_facts=by.model_dump())


def give_back(
    session: Session,
    practice: str,
    said: Message,
    *,
    now: datetime,
    flow_run_id: str,
    reason_facts: dict[str, str] | None = None,
) -> None:
    """Take a run's reconnect back. `reason_facts`: those of `said`, if the run itself and its link are to say it."""
    give_up(session, practice, said, now=now, flow_run_id=flow_run_id)
    for attempt in attempts.of_run(session, flow_run_id):
        attempts.close(session, attempt.id, AttemptOutcome.REFUSED, now=now)
        if reason_facts:
            attempt.reason_key, attempt.reason_facts = said.key, {**reason_facts}
        if attempt.consent_id and consents.get(session, attempt.consent_id).status is ConsentStatus.PENDING:
            consents.end(session, attempt.consent_id, ConsentStatus.REFUSED, forget_tokens=True)
