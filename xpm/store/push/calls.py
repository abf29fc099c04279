"""The calls that write to XPM: noted before they are made, and closed once it is known what became of them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from xpm.store.errors import NotThere
from xpm.store.push.edits import Reason
from xpm.store.records.rows import Scope
from xpm.store.tables import EditTransition, PushCall, PushPause
from xpm.store.vocabulary import CallOutcome

IN_A_ROW = 3
"""So many refusals of one endpoint in a row, for one reason, pause it."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A call that is about to be made: where to, about which record, and what recognises its body."""

    endpoint: str
    table: str
    key: str
    digest: str
    seen_before: Sequence[str] | None = None


def intend(session: Session, scope: Scope, intent: Intent, *, generation: int, now: datetime) -> PushCall:
    """Note a call. The transaction has to be committed before the call is made."""
    earlier = select(func.max(PushCall.number)).where(
        PushCall.practice == scope.practice, PushCall.tenant_id == scope.tenant_id
    )
    call = PushCall(
        id=str(uuid.uuid4()),
        number=(session.exec(earlier).one() or 0) + 1,
        practice=scope.practice,
        tenant_id=scope.tenant_id,
        endpoint=intent.endpoint,
        record_table=intent.table,
        record_key=intent.key,
        body_digest=intent.digest,
        generation=generation,
        intended_at=now,
        seen_before=None if intent.seen_before is None else list(intent.seen_before),
    )
    session.add(call)
    session.flush()
    return call


def get(session: Session, call_id: str) -> PushCall:
    """Return one call. Raises NotThere."""
    call = session.get(PushCall, call_id, populate_existing=True)
    if call is None:
        raise NotThere(call_id)
    return call


def made_since(session: Session, scope: Scope, since: datetime) -> Mapping[str, int]:
    """How many calls that write were made since a moment, by endpoint."""
    by_endpoint = select(PushCall.endpoint, func.count()).where(
        PushCall.practice == scope.practice, PushCall.tenant_id == scope.tenant_id, PushCall.intended_at >= since
    )
    return dict(session.exec(by_endpoint.group_by(PushCall.endpoint).order_by(PushCall.endpoint)).all())


def close(
    session: Session,
    call_id: str,
    outcome: CallOutcome,
    *,
    now: datetime,
    status: int | None = None,
    correlation_id: str | None = None,
    reason: Reason | None = None,
) -> PushCall:
    """Note what became of a call. An unknown outcome may be replaced later, once XPM was asked."""
    call, why = get(session, call_id), reason or Reason()
    call.outcome, call.answered_at = outcome, now
    call.status, call.correlation_id = status or call.status, correlation_id or call.correlation_id
    call.reason_key, call.reason_text = why.key, why.text
    session.add(call)
    session.flush()
    return call


def pause_if_refused_again(session: Session, scope: Scope, endpoint: str, now: datetime) -> None:
    """Pause an endpoint whose last calls were all refused for the same reason."""
    of = select(PushCall).where(
        PushCall.practice == scope.practice, PushCall.tenant_id == scope.tenant_id, PushCall.endpoint == endpoint
    )
    last = list(session.exec(of.order_by(col(PushCall.number).desc()).limit(IN_A_ROW)))
    reasons = {call.reason_key if call.outcome is CallOutcome.REFUSED else None for call in last}
    (reason,) = reasons if len(reasons) == 1 else (None,)
    if reason is None or len(last) < IN_A_ROW:
        return
    session.merge(
        PushPause(practice=scope.practice, tenant_id=scope.tenant_id, endpoint=endpoint, reason_key=reason, since=now)
    )
    session.flush()


def pauses(session: Session, scope: Scope) -> list[PushPause]:
    """The endpoints that are paused."""
    of = select(PushPause).where(PushPause.practice == scope.practice, PushPause.tenant_id == scope.tenant_id)
    return list(session.exec(of.order_by(PushPause.endpoint)))


def lift(session: Session, scope: Scope, endpoint: str) -> None:
    """Lift the pause of an endpoint. One more refusal for the same reason pauses it again."""
    paused = session.get(PushPause, (scope.practice, scope.tenant_id, endpoint))
    if paused:
        session.delete(paused)
        session.flush()


def forget(session: Session, before: datetime) -> None:
    """Forget the calls that were made before a moment and that no edit names any more."""
    named = select(EditTransition.call_id).where(col(EditTransition.call_id).is_not(None))
    old = delete(PushCall).where(col(PushCall.intended_at) < before, col(PushCall.id).not_in(named))
    session.connection().execute(old)
