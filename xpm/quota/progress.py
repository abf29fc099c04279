"""How far a sync is, measured against its prediction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Prediction:
    """What a run will need; None where nothing is stored yet to predict it from.

    `bytes` are counted on the wire. `records` are the records to be read or, for custom fields, the answers to be read.
    """

    calls: int | None = None
    bytes: int | None = None
    records: int | None = None


UNKNOWN = Prediction()


@dataclass(frozen=True)
class Standing:
    """A run's progress after a stored batch. `records` and `calls` are counted as in its prediction."""

    predicted: Prediction
    records: int
    calls: int
    elapsed: timedelta

    @property
    def share(self) -> float | None:
        """The share of the expected records that was read, from 0 to 1; None if their number is unknown."""
        expected = self.predicted.records
        return min(1.0, self.records / expected) if expected else None

    def time_left(self, calls_per_minute: int) -> timedelta | None:
        """The longer of two estimates: calls left at the allowed rate, and records left at the present pace."""
        if self.predicted.calls is None or not self.share:
            return None
        by_calls = timedelta(minutes=max(0, self.predicted.calls - self.calls) / calls_per_minute)
        by_records = self.elapsed * (1 / self.share - 1)
        return max(by_calls, by_records)


Progress = Callable[[Standing], None]
"""Called at the beginning and after each stored batch, in the thread that stores. It must not raise."""


def unwatched(standing: Standing) -> None:
    """Ignore the progress of a run that nobody watches."""
