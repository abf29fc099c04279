"""A sudden drop: XPM has far fewer records than it had, although nothing of FYI's had to be archived for it."""

from sqlmodel import Session

from xpm.pull.intake import MISSING_TOLERATED
from xpm.pull.work import PullRequest
from xpm.store.pull import runs
from xpm.store.records.rows import Scope
from xpm.store.vocabulary import SyncTrigger

SHARE_LEFT = 0.5  # of the last count; below that


def dropped_from(session: Session, scope: Scope, request: PullRequest, source: int | None) -> int | None:
    """How many XPM had at the last full sync that ended well, where `source`, what it may have, is suddenly far fewer.

    A person who looked, and asks for the sync again after it said so, confirms the new count; so does one who confirmed
    that so many records are gone.
    """
    if source is None:
        return None
    well = runs.lately_successful(session, scope.practice, scope.tenant_id, request.entity, complete=True, limit=1)
    before = well[0].source_count if well else None
    tolerated = max(MISSING_TOLERATED, request.confirm_missing)
    if before is None or source >= before * SHARE_LEFT or before - source <= tolerated:
        return None
    last = runs.last_finished(session, scope.practice, scope.tenant_id, request.entity)
    said_before = last is not None and last.reason_key == "sync.sudden_drop"
    return None if said_before and request.trigger is SyncTrigger.MANUAL else before
