"""Tells people of a night that failed or that asks somebody to act, and when a later sync put it right.

What is wrong with the connection itself is a trouble of its own, and no night's.
"""

from collections.abc import Mapping

from sqlmodel import Session

from xpm.activity import troubles
from xpm.consent.access import BROKEN
from xpm.entities.names import Entity
from xpm.installation import Installation
from xpm.pull.outcome import Counts
from xpm.pull.summary import Outcome, message_of
from xpm.store.consent import connections
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncTrigger, Trouble
from xpm.words import Message

BAD = frozenset({ActivityStatus.FAILURE, ActivityStatus.ACTION_REQUIRED})


def settle_syncs(
    session: Session,
    installation: Installation,
    practice: str,
    trigger: SyncTrigger,
    outcomes: Mapping[Entity, Outcome],
    *,
    flow_run_id: str,
    is_full: bool,
) -> None:
    """Take how a run ended: what went wrong in a night is trouble, and what a full sync brought in step is over.

    `is_full`: the run read everything, and not only changes or a few chosen records.
    """
    is_night = trigger is SyncTrigger.OVERNIGHT
    if is_night:
        troubles.end(session, installation, practice, Trouble.NIGHT)
    for entity, outcome in outcomes.items():
        if isinstance(outcome, Counts) and (is_night or (is_full and outcome.status is RunStatus.SUCCESS)):
            troubles.end(session, installation, practice, Trouble.NIGHT, entity)
        elif is_night and not isinstance(outcome, Counts):
            begin_night(session, installation, practice, message_of(entity, outcome), flow_run_id, subject=entity)


def begin_night(
    session: Session, installation: Installation, practice: str, said: Message, flow_run_id: str, *, subject: str = ""
) -> None:
    """Tell people that a night went wrong. The news has no more than the title, since the rest may name records."""
    if said.status not in BAD or connections.state_before(session, practice) in BROKEN:
        return
    title = said.model_copy(update={"cause": "", "next": ""})
    link = troubles.run_page(installation, flow_run_id)
    troubles.begin(session, installation, practice, Trouble.NIGHT, title, subject=subject, link=link)
