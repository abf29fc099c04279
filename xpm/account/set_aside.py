"""Sets aside a connection to the wrong account after a revert, so that no sync brings its records back."""

from datetime import datetime

from sqlmodel import Session

from xpm.consent.states import move
from xpm.entities.registry import DEFINITIONS
from xpm.store import practices
from xpm.store.consent import attempts, connections, consents
from xpm.store.consent.transitions import UNDER_WAY
from xpm.store.records import bulk
from xpm.store.records.rows import Scope
from xpm.store.vocabulary import ConnectionState, ConsentStatus
from xpm.words import message, stop

DECIDING_TABLES = tuple(definition.main.table for definition in DEFINITIONS.values() if definition.outlined)
"""The tables whose records tell which account a practice belongs to."""


def set_aside_if_nothing_is_left(
    session: Session, practice: str, *, now: datetime, person: str | None, flow_run_id: str | None
) -> bool:
    """Set the connection aside if FYI no longer has any record of its account; return whether it was set aside.

    The practice then belongs again to the account whose records FYI has. A reconnect to that account is an ordinary
    reconnect; any other account needs the comparison and the typed name again.

    Raises:
        Stopped: a reconnect is under way; if it were given up, the connection would come back into use.
    """
    connection = connections.locked(session, practice)
    if connections.state_before(session, practice) is not ConnectionState.CONNECTED or connection.tenant_id is None:
        return False
    if any(bulk.count_active(session, kind, Scope(practice, connection.tenant_id)) for kind in DECIDING_TABLES):
        return False
    if connection.state in UNDER_WAY:
        raise stop("revert.reconnecting", practice=practices.get(session, practice).name)
    consent_id = connection.consent_id
    right = _with_most_records(session, practice)
    name = attempts.tenant_name(session, practice, right) if right else None
    connections.set_aside(session, practice, tenant_id=right, tenant_name=name)
    if consent_id:
        consents.end(session, consent_id, ConsentStatus.SUPERSEDED)
    said = message("connection.set_aside", practice=practices.get(session, practice).name)
    move(session, practice, ConnectionState.NEEDS_RECONNECT, said, now=now, person=person, flow_run_id=flow_run_id)
    return True


def _with_most_records(session: Session, practice: str) -> str | None:
    counts: dict[str, int] = {}
    for kind in DECIDING_TABLES:
        for tenant_id, count in bulk.active_by_tenant(session, kind, practice).items():
            counts[tenant_id] = counts.get(tenant_id, 0) + count
    return max(counts, key=lambda tenant_id: counts[tenant_id], default=None)
