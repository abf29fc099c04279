"""The arithmetic of Xero's limits: whether a call may begin now and, if not, when. Pure: no database, no network.

Xero's windows are fixed, and nobody outside knows when they begin. So the limit is kept in every possible 60 seconds,
and likewise in every possible day. What Xero says is left overrides our own count: for the day we count only the calls
since Xero last told, because older ones would hold work back although Xero's new day has begun.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from xpm.store.vocabulary import CallPriority
from xpm.xero.errors import ConcurrentLimit, DayLimit
from xpm.xero.http.limits import Said

HELD = timedelta(seconds=60)
"""How long a call holds its place without a sign of life. Longer calls give one in time (`renew`)."""

LOOK_AGAIN = timedelta(hours=1)
"""How long to wait after the day's calls are used up, if Xero did not say until when. Its day begins at an unknown
hour, and one call an hour is a fair price for finding out."""

_MINUTE = timedelta(seconds=60)
_DAY = timedelta(days=1)
_ON_ITS_WAY = timedelta(seconds=1)  # from our permission to Xero's count; else Xero could get 61 calls in a minute
_SOON = timedelta(seconds=0.1)  # between two looks for a free place
_AHEAD = timedelta(seconds=60)  # a time noted by another clock is believed if it is no further ahead than this
_CLAIM = timedelta(seconds=1)  # how long a turn is kept for a more urgent call once that call may begin

_WORTHWHILE = 10
"""Parked work continues when a tenth of what it may use is free again, not for a single call."""

_TICK = 0.25  # seconds; the minute's calls are counted per tick, not kept one by one
_QUARTER = 900.0  # seconds; the day's calls are counted per quarter of an hour

SHARE_OF_MINUTE: Mapping[CallPriority, float] = {
    CallPriority.PEOPLE: 1.0,
    CallPriority.CHANGES: 0.98,
    CallPriority.OVERNIGHT: 0.97,
    CallPriority.VERIFICATION: 0.95,
}
"""A few calls are always left for people who wait; the other work still uses more than 90 % of Xero's minute."""

SHARE_OF_DAY: Mapping[CallPriority, float] = {
    CallPriority.PEOPLE: 1.0,
    CallPriority.CHANGES: 0.95,
    CallPriority.OVERNIGHT: 0.85,
    CallPriority.VERIFICATION: 0.60,
}
"""How much of the day's calls each priority may use up. People can reconnect and sync at any hour (a full sync by hand
takes a few hundred calls), changes still flow after a big night, and verification gets what nobody else needs."""

PLACES_LEFT: Mapping[CallPriority, int] = {
    CallPriority.PEOPLE: 0,
    CallPriority.CHANGES: 1,
    CallPriority.OVERNIGHT: 1,
    CallPriority.VERIFICATION: 2,
}
"""How many of the places in flight are left for more urgent calls. Three calls at a time still fill a minute."""

RANKS = tuple(CallPriority)


@dataclass(frozen=True)
class Limits:
    """What Xero allows an app for one tenant, and how much of it each priority may use."""

    max_concurrent: int = 5
    per_minute: int = 60
    per_day: int = 5_000

    def places(self, priority: CallPriority) -> int:
        """How many calls of any priority may be in flight, including a new one of this priority."""
        return max(1, self.max_concurrent - PLACES_LEFT[priority])

    def minute(self, priority: CallPriority) -> int:
        """How many calls of any priority may be made in a minute for this priority still to begin one."""
        return max(1, int(self.per_minute * SHARE_OF_MINUTE[priority]))

    def day(self, priority: CallPriority) -> int:
        """The same for a day."""
        return max(1, int(self.per_day * SHARE_OF_DAY[priority]))


class Flight(BaseModel):
    """A call under way. After `until`, its process counts as dead."""

    begun_at: datetime
    until: datetime


class Remaining(BaseModel):
    """What is left of a window that ends by `until`.

    `said` is Xero's number; `calls` is that less the calls Xero may not have counted yet.
    """

    said: int
    at: datetime
    calls: int
    until: datetime


class Allowance(BaseModel):
    """Everything known about one tenant's calls."""

    in_flight: dict[str, Flight] = {}
    begun: dict[int, int] = {}  # the last minute's calls, by tick
    today: dict[int, int] = {}  # the last day's calls, by quarter of an hour
    minute_left: Remaining | None = None
    day_left: Remaining | None = None
    minute_resumes_at: datetime | None = None  # after Xero refused for the minute
    day_resumes_at: datetime | None = None
    squeezed_until: datetime | None = None  # after Xero refused too many in flight
    claims: dict[CallPriority, datetime] = {}  # when a waiting call of each priority may begin

    def enter(self, call: str, endpoint: str, priority: CallPriority, limits: Limits, now: datetime) -> datetime:
        """Begin a call or claim a turn, and return when it is ready; the call has begun if that is not after `now`.

        Raises:
            DayLimit: this priority's share of the day is used up.
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
        """Extend a call's hold on its place, or take the place back if it was released for want of a sign of life."""
        self.in_flight.setdefault(call, Flight(begun_at=now, until=now)).until = now + HELD

    def leave(self, call: str, said: Said | None, limits: Limits, now: datetime) -> None:
        """End a call, and note what Xero's answer said of the limits."""
        self.in_flight.pop(call, None)
        if said is None:
            return
        slack = 2 * limits.max_concurrent
        self.minute_left = _updated(self.minute_left, self._heard(said.minute_left, said.at, _MINUTE), slack, now)
        self.day_left = _updated(self.day_left, self._heard(said.day_left, said.at, LOOK_AGAIN), slack, now)
        if said.refused is not None:
            self._hold_back(said)

    def _forget(self, now: datetime) -> None:
        """Drop what is over, and times so far ahead that only a wrong clock can have noted them."""
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
        uncounted = self._begun_since_xero_told()
        if sum(uncounted.values()) >= ceiling:
            worthwhile = ceiling - ceiling // _WORTHWHILE
            resumes_at = max(resumes_at, _below(uncounted, worthwhile, _QUARTER, _DAY) or now)
        if self.day_left is not None and self.day_left.calls <= limits.per_day - ceiling:
            resumes_at = max(resumes_at, self.day_left.until)
        if resumes_at > now:
            raise DayLimit("The day's calls to Xero are used up.", resumes_at=resumes_at, endpoint=endpoint)

    def _begun_since_xero_told(self) -> dict[int, int]:
        """Return the day's calls since Xero last told what is left of its day, or since its new day began."""
        known_at = [self.day_left.at if self.day_left else None, self.day_resumes_at]
        last = max((_step_of(moment, _QUARTER) for moment in known_at if moment), default=0)
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
        """When all waiting calls of a higher priority will have begun."""
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
        """Count the calls that an answer of that time may not include: those begun since, and those then in flight."""
        tick = _step_of(at, _TICK)
        begun_since = sum(count for number, count in self.begun.items() if number > tick)
        return begun_since + sum(_step_of(flight.begun_at, _TICK) <= tick for flight in self.in_flight.values())

    def _hold_back(self, said: Said) -> None:
        if said.refused is DayLimit:
            self.day_resumes_at = said.at + (LOOK_AGAIN if said.seconds is None else timedelta(seconds=said.seconds))
        elif said.refused is ConcurrentLimit:
            self.squeezed_until = said.at + _MINUTE
        else:
            wait = _MINUTE if said.seconds is None else timedelta(seconds=said.seconds)
            self.minute_resumes_at = said.at + min(wait, _MINUTE)  # nobody calls until then, so nothing corrects it


def _updated(known: Remaining | None, heard: Remaining | None, slack: int, now: datetime) -> Remaining | None:
    """Return what is left after an answer.

    Xero may not have counted calls that are still under way, and answers overtake each other. So the lower of the known
    and the new count holds, unless the new one is higher by more than overtaking explains (`slack`): then a new window
    has begun. While Xero counts down, the window is the same, and its first known end holds.
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
    """Keep the counts of the steps that end after `since` and begin by `until`."""
    first, last = since.timestamp(), until.timestamp()
    return {number: count for number, count in counts.items() if (number + 1) * step > first and number * step <= last}


def _unless_after(latest: datetime, moment: datetime | None) -> datetime | None:
    return None if moment is None or moment > latest else moment


def _below(counts: Mapping[int, int], ceiling: int, step: float, window: timedelta) -> datetime | None:
    """When enough calls have left the window for fewer than `ceiling` to remain; None if fewer remain already."""
    remaining, left_at = sum(counts.values()), None
    for number in sorted(counts):
        if remaining < ceiling:
            break
        remaining -= counts[number]
        left_at = datetime.fromtimestamp((number + 1) * step, UTC) + window
    return left_at
