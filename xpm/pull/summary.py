"""Sums up a run of several entities: the whole run is as good as its worst entity."""

from collections.abc import Mapping, Sequence

from xpm.consent.explanation import explain
from xpm.entities.names import Entity
from xpm.pull.outcome import Counts
from xpm.store.errors import DatabaseUnavailable
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncTrigger
from xpm.words import Message, Stopped, message
from xpm.xero.errors import XeroError

Outcome = Counts | Stopped | XeroError | BaseException
"""How one entity ended: its counts, or the error that stopped it."""


def message_of(entity: Entity, outcome: Outcome) -> Message:
    """The message about one entity."""
    if isinstance(outcome, Counts | Stopped):
        return outcome.message
    if isinstance(outcome, XeroError):
        return explain(outcome, entity.label)
    if isinstance(outcome, DatabaseUnavailable):
        return message("sync.database_unavailable", entity=entity.label)
    return message(
        "sync.failed", entity=entity.label, reason=f"Something unexpected happened ({type(outcome).__name__})."
    )


def sum_up(practice: str, trigger: SyncTrigger, outcomes: Mapping[Entity, Outcome]) -> Message:
    """The whole run in one message, which names the entities that were left out or went wrong."""
    messages = {entity: message_of(entity, outcome) for entity, outcome in outcomes.items()}
    left_out = [entity for entity, outcome in outcomes.items() if _is_skipped(outcome)]
    skipped = [messages[entity].title for entity in left_out]
    wrong = [messages[entity] for entity, outcome in outcomes.items() if not is_well(outcome)]
    alerts = [one for one in messages.values() if one.status is ActivityStatus.ALERT and one.title not in skipped]
    titles = [*(one.title for one in wrong), *(one.title for one in alerts), *skipped]
    remarks = " ".join(f"{title.rstrip('.')}." for title in dict.fromkeys(titles))
    chapter = "reconnected" if trigger is SyncTrigger.RECONNECT else "synchronised"
    if wrong and all(one.status is ActivityStatus.IN_PROGRESS for one in wrong):
        key = "runbook.reconnected_parked" if trigger is SyncTrigger.RECONNECT else "runbook.parked"
        return message(key, practice=practice, remarks=remarks)
    if wrong or alerts:
        return message(f"runbook.{chapter}_with_remarks", practice=practice, remarks=remarks).model_copy(
            update={"status": worst(wrong) if wrong else ActivityStatus.ALERT}
        )
    if len(skipped) == len(outcomes):
        return message("runbook.nothing_done", practice=practice, remarks=remarks)
    named = ", ".join(entity.label.lower() for entity in left_out)
    if left_out:
        return message(f"runbook_except.{chapter}", practice=practice, left_out=named, remarks=remarks)
    return message(f"runbook.{chapter}", practice=practice, remarks=remarks)


def _is_skipped(outcome: Outcome) -> bool:
    return isinstance(outcome, Counts) and outcome.status is RunStatus.SKIPPED


def is_well(outcome: Outcome) -> bool:
    """Whether an entity ended with nothing for a person to look at."""
    return isinstance(outcome, Counts) and outcome.status in (RunStatus.SUCCESS, RunStatus.SKIPPED)


def worst(messages: Sequence[Message]) -> ActivityStatus:
    """The status of several messages about things that went wrong: Failure if one of them is, else Action Required."""
    failed = any(one.status is ActivityStatus.FAILURE for one in messages)
    return ActivityStatus.FAILURE if failed else ActivityStatus.ACTION_REQUIRED
