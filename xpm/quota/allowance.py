"""The arithmetic of Xero's limits: whether a call may begin now, and when it may if not. Keeps nothing, asks nobody.

Xero's windows are fixed and begin at a moment nobody outside knows; so a minute is kept for every 60 seconds one can
choose, a day likewise, and what Xero says is left counts more than what we counted ourselves: of a day, our own count
is of the calls since its last word, since those before would hold work back although Xero's day is new.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from xpm.store.vocabulary import CallPriority
from xpm.xero.errors import ConcurrentLimit, DayLimit
from xpm.xero.http.limits import Said

HELD = timedelta(seconds=60)
"""How long a place is held for a call that is not heard of; whoever makes a longer one says so in time (`renew`)."""

LOOK_AGAIN = timedelta(hours=1)
"""How long a day without allowance is believed when Xero did not say until when: its day begins at an unknown hour, and
one call an hour is a fair price for finding out."""

_MINUTE = timedelta(seconds=60)
_DAY = timedelta(days=1)
_ON_ITS_WAY = timedelta(seconds=1)  # from our permission to Xero's count; else the 61st could arrive within a minute
_SOON = timedelta(seconds=0.1)  # until a place is looked for again
_AHEAD = timedelta(seconds=60)  # by how much a clock may be ahead of another and what it noted still be believed
_CLAIM = timedelta(seconds=1)  # for which a more urgent call that may begin keeps others from taking its turn

_WORTHWHILE = 10
"""Work that was parked goes on when a tenth of what it may use is free again, not for a single call."""

_TICK = 0.25  # seconds; calls are counted by it, not kept one by one
_QUARTER = 900.0  # seconds; the same for the day

SHARE_OF_MINUTE: Mapping[CallPriority, float] = {
    CallPriority.PEOPLE: 1.0,
    CallPriority.CHANGES: 0.98,
    CallPriority.OVERNIGHT: 0.97,
    CallPriority.VERIFICATION: 0.95,
}
"""A few calls are always left for who waits; the rest alone still uses more than nine tenths of Xero's minute."""

SHARE_OF_DAY: Mapping[CallPriority, float] = {
    CallPriority.PEOPLE: 1.0,
    CallPriority.CHANGES: 0.95,
    CallPriority.OVERNIGHT: 0.85,
    CallPriority.VERIFICATION: 0.60,
}
"""What a day may be used up to: a person can reconnect and sync at any hour (a full sync by hand is some hundred
calls), changes flow after a big night, and looking at everything in turn takes what nobody else needs."""

PLACES_LEFT: Mapping[CallPriority, int] = {
    CallPriority.PEOPLE: 0,
    CallPriority.CHANGES: 1,
    CallPriority.OVERNIGHT: 1,
    CallPriority.VERIFICATION: 2,
}
"""Of the places in flight, how many are left for the more urgent. Three calls at a time still fill a minute."""

RANKS = tuple(CallPriority)


@dataclass(frozen=True)
class Limits:
    """What Xero allows an app for one tenant, and what each priority may use of it."""

    max_concurrent: int = 5
    per_minute: int = 60
    per_day: int = 5_000

    def places(self, priority: CallPriority) -> int:
        """How many may be in flight, of all priorities, for one of this to begin beside them."""
        return max(1, self.max_concurrent - PLACES_LEFT[priority])

    def minute(self, priority: CallPriority) -> int:
        """How many of all priorities this one may fill a minute up to."""
        return max(1, int(self.per_minute * SHARE_OF_MINUTE[priority]))

    def day(self, priority: CallPriority) -> int:
        """The same for a day."""
        return max(1, int(self.per_day * SHARE_OF_DAY[priority]))


class Flight(BaseModel):
    """A call under way; after `until` its process is taken for dead."""

    begun_at: datetime
    until: datetime


class Remaining(BaseModel):
    """What Xero said is left of a window, and that less what it may not have counted; it is over by `until`."""

    said: int
    at: datetime
    calls: int
    until: datetime


class Allowance(BaseModel):
    """All there is to know about one tenant's calls."""

    in_flight: dict[str, Flight] = {}
    begun: dict[int, int] = {}  # of the last minute: calls by tick
    today: dict[int, int] = {}  # of the last day: calls by quarter of an hour
    minute_left: Remaining | None = None
    day_left: Remaining | None = None
    minute_resumes_at: datetime | None = None  # after a refusal for the minute
    day_resumes_at: datetime | None = None
    squeezed_until: datetime | None = None  # after a refusal for too many in flight
    claims: dict[CallPriority, datetime] = {}  # from when on somebody who waits may begin

    def enter(self, call: str, endpoint: str, priority: CallPriority, limits: Limits, now: datetime) -> datetime:
        """Begin a call, or claim a turn: it has begun if what comes back is not later than `now`.

        Raises:
            DayLimit: what this priority may use of the day is used up.
        """
        self._forget(now)
        self._check_day(endpoint, priority, limits, now)
        ready_at = max(self._place_free_at(priority, limits, now), self._minute_ready_at(priority, limits, now))
        ready_at = max(ready_at, self._turn_of_others(priority, now))
        if ready_at > now:
            self.claims[priority] = ready_at
        else:
            self.claims.pop(priority, None)
            self._begin(call, now)
        return ready_at

    def renew(self, call: str, now: datetime) -> None:
        """Hold a call's place on; take it back if it was given up because no sign of life got through."""
        self.in_flight.setdefault(call, Flight(begun_at=now, until=now)).until = now + HELD

    def leave(self, call: str, said: Said | None, limits: Limits, now: datetime) -> None:
        """End a call, and believe what its answer said."""
        self.in_flight.pop(call, None)
        if said is None:
            return
        slack = 2 * limits.max_concurrent
        self.minute_left = _updated(self.minute_left, self._heard(said.minute_left, said.at, _MINUTE), slack, now)
        self.day_left = _updated(self.day_left, self._heard(said.day_left, said.at, LOOK_AGAIN), slack, now)
        if said.refused is not None:
            self._hold_back(said)

    def _forget(self, now: datetime) -> None:
        """Drop what is over, and what a clock that was wrong has put farther ahead than anything can lie."""
        latest = now + _AHEAD
        self.in_flight = {
            call: flight for call, flight in self.in_flight.items() if now < flight.until <= latest + HELD
        }
        self.begun = _between(self.begun, now - _MINUTE - _ON_ITS_WAY, latest, _TICK)
        self.today = _between(self.today, now - _DAY, latest, _QUARTER)
        self.minute_left, self.day_left = (
            None if left is None or left.at > latest else left for left in (self.minute_left, self.day_left)
        )
        self.minute_resumes_at = _unless_after(latest + _MINUTE, self.minute_resumes_at)
        self.squeezed_until = _unless_after(latest + _MINUTE, self.squeezed_until)
        self.day_resumes_at = _unless_after(latest + _DAY, self.day_resumes_at)
        longest = latest + _MINUTE + _ON_ITS_WAY
        self.claims = {priority: claim for priority, claim in self.claims.items() if claim <= longest}

    def _check_day(self, endpoint: str, priority: CallPriority, limits: Limits, now: datetime) -> None:
        ceiling = limits.day(priority)
        resumes_at = self.day_resumes_at or now
        unsaid = self._begun_since_xeros_word()
        if sum(unsaid.values()) >= ceiling:
            worthwhile = ceiling - ceiling // _WORTHWHILE
            resumes_at = max(resumes_at, _below(unsaid, worthwhile, _QUARTER, _DAY) or now)
        if self.day_left is not None and self.day_left.calls <= limits.per_day - ceiling:
            resumes_at = max(resumes_at, self.day_left.until)
        if resumes_at > now:
            raise DayLimit("The day's calls to Xero are used up.", resumes_at=resumes_at, endpoint=endpoint)

    def _begun_since_xeros_word(self) -> dict[int, int]:
        """The day's calls since Xero last told what is left of its day, or from when on it has a new one."""
        words = [self.day_left.at if self.day_left else None, self.day_resumes_at]
        last = max((_step_of(word, _QUARTER) for word in words if word), default=0)
        return {number: count for number, count in self.today.items() if number > last}

    def _place_free_at(self, priority: CallPriority, limits: Limits, now: datetime) -> datetime:
        places = limits.places(priority)
        if self.squeezed_until is not None and now < self.squeezed_until:
            places = max(1, places - 1)
        return now if len(self.in_flight) < places else now + _SOON

    def _minute_ready_at(self, priority: CallPriority, limits: Limits, now: datetime) -> datetime:
        ceiling = limits.minute(priority)
        ready_at = max(now, self.minute_resumes_at or now)
        ready_at = max(ready_at, _below(self.begun, ceiling, _TICK, _MINUTE + _ON_ITS_WAY) or now)
        if self.minute_left is not None and self.minute_left.calls <= 0:
            ready_at = max(ready_at, self.minute_left.until)
        return ready_at

    def _turn_of_others(self, priority: CallPriority, now: datetime) -> datetime:
        """When those who are more urgent and wait will have begun."""
        more_urgent = RANKS[: RANKS.index(priority)]
        claims = [self.claims[other] for other in more_urgent if other in self.claims]
        return max((max(claim, now + _SOON) for claim in claims if claim + _CLAIM > now), default=now)

    def _begin(self, call: str, now: datetime) -> None:
        self.in_flight[call] = Flight(begun_at=now, until=now + HELD)
        for counts, step in ((self.begun, _TICK), (self.today, _QUARTER)):
            counts[_step_of(now, step)] = counts.get(_step_of(now, step), 0) + 1
        for left in (self.minute_left, self.day_left):
            if left is not None:
                left.calls -= 1

    def _heard(self, said: int | None, at: datetime, window: timedelta) -> Remaining | None:
        if said is None:
            return None
        return Remaining(said=said, at=at, calls=said - self._not_in_xeros_count(at), until=at + window)

    def _not_in_xeros_count(self, at: datetime) -> int:
        """How many calls an answer of that time may leave out: those begun since, and those on their way then."""
        tick = _step_of(at, _TICK)
        begun_since = sum(count for number, count in self.begun.items() if number > tick)
        return begun_since + sum(_step_of(flight.begun_at, _TICK) <= tick for flight in self.in_flight.values())

    def _hold_back(self, said: Said) -> None:
        if said.refused is DayLimit:
            self.day_resumes_at = said.at + (LOOK_AGAIN if said.seconds is None else timedelta(seconds=said.seconds))
        elif said.refused is ConcurrentLimit:
            self.squeezed_until = said.at + _MINUTE
        else:
            told = _MINUTE if said.seconds is None else timedelta(seconds=said.seconds)
            self.minute_resumes_at = said.at + min(told, _MINUTE)  # everybody waits for it, and sees nothing newer


def _updated(known: Remaining | None, heard: Remaining | None, slack: int, now: datetime) -> Remaining | None:
    """What is left after an answer.

    Calls still under way may not be in Xero's count yet, and answers overtake each other; so the lower of what is known
    and what is said holds, unless the difference is more than overtaking explains (`slack`): then a new window began.
    While Xero counts down it is the same window, which ends when it was first said to.
    """
    if heard is None or heard.until <= now:
        return known
    if known is None or known.until <= now or heard.calls > known.calls + slack:
        return heard
    lower = min(known.calls, heard.calls)
    if heard.at < known.at or heard.said < known.said:
        latest = max(known, heard, key=lambda left: left.at)
        return latest.model_copy(update={"calls": lower, "until": known.until})
    return heard.model_copy(update={"calls": lower})


def _step_of(moment: datetime, step: float) -> int:
    return int(moment.timestamp() // step)


def _between(counts: Mapping[int, int], since: datetime, until: datetime, step: float) -> dict[int, int]:
    """The counts of the steps that are not wholly over by the one moment, and have begun by the other."""
    first, last = since.timestamp(), until.timestamp()
    return {number: count for number, count in counts.items() if (number + 1) * step > first and number * step <= last}


def _unless_after(latest: datetime, moment: datetime | None) -> datetime | None:
    return None if moment is None or moment > latest else moment


def _below(counts: Mapping[int, int], ceiling: int, step: float, window: timedelta) -> datetime | None:
    """When so many have left the window that fewer than `ceiling` remain; `None` if that is so already."""
    remaining, left_at = sum(counts.values()), None
    for number in sorted(counts):
        if remaining < ceiling:
            break
        remaining -= counts[number]
        left_at = datetime.fromtimestamp((number + 1) * step, UTC) + window
    return left_at
