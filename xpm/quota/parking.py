"""Which calls go first when Xero's allowance is short, and how a sync continues when the day's calls are used up."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from xpm.entities.names import EVERYTHING, Entity
from xpm.entities.registry import DEFINITIONS
from xpm.quota.allowance import LOOK_AGAIN
from xpm.store.vocabulary import CallPriority, SyncMode, SyncTrigger
from xpm.words import Message, message
from xpm.words.moments import UTC, day_in
from xpm.xero.clock import utc_now
from xpm.xero.errors import DayLimit

_A_MINUTE = timedelta(minutes=1)


def priority_of(trigger: SyncTrigger, mode: SyncMode, entity: Entity) -> CallPriority:
    """Return the priority of a sync's calls. What a person asked for comes first, however large it is."""
    if trigger is not SyncTrigger.OVERNIGHT:
        return CallPriority.PEOPLE
    if mode is SyncMode.CHANGES:
        return CallPriority.CHANGES
    return DEFINITIONS[entity].overnight


def resumes_at(limit: DayLimit, now: datetime) -> datetime:
    """When to continue, rounded up to a minute, so that all runs stopped by one limit get the same time."""
    moment = limit.resumes_at or now + LOOK_AGAIN
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + _A_MINUTE


class Rest(BaseModel):
    """What a run left undone: the parameters of the run that continues it."""

    model_config = ConfigDict(frozen=True)

    practice: str
    entities: tuple[Entity, ...]
    mode: SyncMode
    trigger: SyncTrigger
    person: str
    records: tuple[str, ...]
    confirm_missing: int
    resumes_at: datetime

    @property
    def key(self) -> str:
        """Identify this rest and its time, so that only one run continues it."""
        confirmed = [f"{self.confirm_missing} missing"] if self.confirm_missing else []
        what = [str(self.mode), *self.entities, *self.records, *confirmed]
        return "/".join([self.practice, *what, f"{self.resumes_at:%Y-%m-%dT%H:%MZ}"])

    def message(self, *, is_scheduled: bool, zone: str = UTC) -> Message:
        """Say in Practice Activity what is left. `is_scheduled`: a run that continues it is scheduled."""
        facts = {
            "entities": ", ".join(entity.label for entity in self.entities),
            "resumes_at": day_in(self.resumes_at, zone),
        }
        if not is_scheduled:
            return message("sync.not_continued", **facts)
        return message("sync.parked", **facts)


def rest_of(
    practice: str,
    mode: SyncMode,
    trigger: SyncTrigger,
    person: str,
    outcomes: Mapping[Entity, object],
    *,
    records: Sequence[str] = (),
    confirm_missing: int = 0,
) -> Rest | None:
    """Return what a run left undone because the day's calls were used up, or None if it left nothing.

    What a person confirmed for the run (`confirm_missing`) also holds for the rest. The run that continues by itself
    does not confirm anything else.
    """
    limits = {entity: outcome for entity, outcome in outcomes.items() if isinstance(outcome, DayLimit)}
    if not limits:
        return None
    return Rest(
        practice=practice,
        entities=tuple(entity for entity in EVERYTHING if entity in limits),
        mode=mode,
        trigger=SyncTrigger.CONTINUED if trigger is SyncTrigger.MANUAL else trigger,
        person=person,
        records=tuple(records),
        confirm_missing=confirm_missing,
        resumes_at=max(resumes_at(limit, utc_now()) for limit in limits.values()),
    )
