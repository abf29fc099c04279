"""Who goes first when Xero's calls are short, and what becomes of a sync when the day's are used up."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from xpm.entities.names import EVERYTHING, Entity
from xpm.entities.registry import DEFINITIONS
from xpm.quota.allowance import LOOK_AGAIN
from xpm.store.vocabulary import CallPriority, SyncMode, SyncTrigger
from xpm.words import Message, message
from xpm.xero.clock import utc_now
from xpm.xero.errors import DayLimit

_A_MINUTE = timedelta(minutes=1)


def priority_of(trigger: SyncTrigger, mode: SyncMode, entity: Entity) -> CallPriority:
    """Whose calls those of a sync are. What a person asked for comes first, however much it is."""
    if trigger is not SyncTrigger.OVERNIGHT:
        return CallPriority.PEOPLE
    if mode is SyncMode.CHANGES:
        return CallPriority.CHANGES
    return DEFINITIONS[entity].overnight


def resumes_at(limit: DayLimit, now: datetime) -> datetime:
    """When to go on: a whole minute, so that all who met the same limit mean the same time."""
    moment = limit.resumes_at or now + LOOK_AGAIN
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + _A_MINUTE


class Rest(BaseModel):
    """What a run left for later: the parameters of the run that goes on with it."""

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
        """The same for the same rest at the same time, so that it is done once."""
        confirmed = [f"{self.confirm_missing} missing"] if self.confirm_missing else []
        what = [str(self.mode), *self.entities, *self.records, *confirmed]
        return "/".join([self.practice, *what, f"{self.resumes_at:%Y-%m-%dT%H:%MZ}"])

    def said(self, *, goes_on: bool) -> Message:
        """What Practice Activity has of it; `goes_on`: a run was scheduled that does it."""
        facts = {
            "entities": ", ".join(entity.label for entity in self.entities),
            "resumes_at": f"{self.resumes_at:%d %B %H:%M} UTC",
        }
        if not goes_on:
            return message("sync.not_continued", **facts)
        by_itself = self.trigger is SyncTrigger.OVERNIGHT
        return message("sync.parked" if by_itself else "sync.continues", **facts)


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
    """What a run of several syncs, or of chosen records, left because the day's calls were used up, if it did.

    What a person confirmed holds for the rest as well. That this goes on by itself confirms nothing that is said until
    then.
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
