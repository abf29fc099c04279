"""Names who changed a record, as an administrator reads it: a run and what started it, or a person in FYI."""

from sqlmodel import Session

from xpm.store.pull import runs
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import SyncTrigger

ASKED = {
    SyncTrigger.MANUAL: "sync by hand",
    SyncTrigger.CONTINUED: "sync by hand, continued",
    SyncTrigger.OVERNIGHT: "overnight sync",
    SyncTrigger.RECONNECT: "reconnect",
    SyncTrigger.REVERT: "revert",
    SyncTrigger.REPLAY: "records read again",
    SyncTrigger.PUSH: "edits sent to Xero Practice Manager",
}


def asked_for(run: SyncRun) -> str:
    """Say what started a run, and which person if one did."""
    return ", ".join(part for part in (ASKED[run.trigger], run.person) if part)


def author(session: Session, run_id: str | None, person: str | None) -> str:
    """Say who made a change: a run or a person."""
    if run_id:
        return asked_for(runs.get(session, run_id))
    return person or "somebody in FYI"
