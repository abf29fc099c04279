"""Requests to Xero, bytes and minutes as a person reads them: what a run will need, and what it needed."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from math import ceil

from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS
from xpm.quota.progress import Prediction, Standing
from xpm.words import Message, message

KILOBYTE, MEGABYTE = 1_000, 1_000_000


def together(parts: Iterable[Prediction]) -> Prediction:
    """Add up what several syncs need; an amount is unknown if it is unknown for any of them."""
    each = list(parts)
    return Prediction(
        _sum([one.calls for one in each]), _sum([one.bytes for one in each]), _sum([one.records for one in each])
    )


def said_before(what: str, predicted: Prediction, calls_per_minute: int) -> Message:
    """Say what a sync will need."""
    amount = amount_of(predicted)
    if predicted.calls is None:
        return message("sync.not_predicted", what=what)
    minutes = max(1, ceil(predicted.calls / calls_per_minute))
    shown = f"{minutes:,} minute{'s' if minutes > 1 else ''}"
    return message("sync.predicted", what=what, amount=amount, minutes=shown, rate=f"{calls_per_minute:,}")


def said_meanwhile(entity: Entity, standing: Standing, calls_per_minute: int) -> Message:
    """Say how far a sync is."""
    noun = "answers" if DEFINITIONS[entity].counts_answers else "records"
    return message(
        "sync.under_way",
        entity=entity.label,
        records=_of(standing.records, standing.predicted.records, noun),
        calls=_of(standing.calls, standing.predicted.calls, "requests"),
        left=_left(standing.time_left(calls_per_minute)),
    )


def said_after(what: str, predicted: Prediction, made: Prediction) -> Message:
    """Say what was predicted for a sync, and what it needed."""
    return message("sync.as_predicted", what=what, predicted=amount_of(predicted), made=amount_of(made))


def amount_of(some: Prediction) -> str:
    """Write the requests and bytes."""
    if some.calls is None:
        return "unknown"
    return f"{some.calls:,} request{'' if some.calls == 1 else 's'}, {_size(some.bytes)}"


def _of(done: int, expected: int | None, noun: str) -> str:
    return f"{done:,} {noun} so far" if expected is None else f"{done:,} of about {expected:,} {noun}"


def _left(time: timedelta | None) -> str:
    if time is None:
        return "time left unknown"
    minutes = ceil(time / timedelta(minutes=1))
    return f"about {minutes:,} minutes left" if minutes > 1 else "less than a minute left"


def _size(size: int | None) -> str:
    if size is None:
        return "size unknown"
    return f"{ceil(size / KILOBYTE)} kB" if size < MEGABYTE else f"{size / MEGABYTE:.1f} MB"


def _sum(amounts: Sequence[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None
