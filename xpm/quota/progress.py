"""How far a sync is, of what was predicted of it, for whoever wants to watch."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Prediction:
    """What a run will take; `None` where nothing is there yet to tell it from.

    `bytes` are those on the wire; `records` are those to be read or, of custom fields, the answers to be read.
    """

    calls: int | None = None
    bytes: int | None = None
    records: int | None = None


UNKNOWN = Prediction()


@dataclass(frozen=True)
class Standing:
    """A run after a step that is stored. `records` and `calls` count as those of its prediction do."""

    predicted: Prediction
    records: int
    calls: int
    elapsed: timedelta

    @property
    def share(self) -> float | None:
        """How much of the expected records was read, from 0 to 1; `None` where it is not known how many there are."""
        expected = self.predicted.records
        return min(1.0, self.records / expected) if expected else None

    def time_left(self, calls_per_minute: int) -> timedelta | None:
        """By the calls left at the allowed rate or the records left at the present pace, whichever is longer."""
        if self.predicted.calls is None or not self.share:
            return None
        by_calls = timedelta(minutes=max(0, self.predicted.calls - self.calls) / calls_per_minute)
        by_records = self.elapsed * (1 / self.share - 1)
        return max(by_calls, by_records)


Progress = Callable[[Standing], None]
"""Called at the beginning and after each step that was stored, in the thread that stores. It must not raise."""


def unwatched(standing: Standing) -> None:
    """The progress of a run that nobody watches."""
