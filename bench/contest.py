"""The result of a measurement: contenders that do the same work in rounds, and whether the ratios meet a goal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from bench.measured import Measured

Quantity = Literal["seconds", "cpu_seconds", "peak_mib"]
UNITS: Mapping[Quantity, str] = {"seconds": "s", "cpu_seconds": "s", "peak_mib": "MiB"}
Runs = Mapping[str, Sequence[Measured]]


@dataclass(frozen=True)
class Spread:
    """The median, minimum and maximum of several values."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        """Show the median, then minimum and maximum."""
        return f"{self.median:.2f} ({self.least:.2f} to {self.most:.2f})"

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Summarise the values."""
        found = sorted(values)
        return cls(median(found), found[0], found[-1])


@dataclass(frozen=True)
class Contest:
    """One piece of work that each contender does once per round. The others are compared with the first contender."""

    work: str
    records: int
    runs: Runs

    @property
    def first(self) -> str:
        """The contender that the others are compared with."""
        return next(iter(self.runs))

    def spread(self, contender: str, quantity: Quantity) -> Spread:
        """Return what the contender's rounds took."""
        return Spread.of(getattr(run, quantity) for run in self.runs[contender])

    def ratio(self, contender: str, quantity: Quantity = "seconds") -> Spread:
        """Return the ratios to the first contender, taken within each round because the machine's load changes."""
        pairs = zip(self.runs[contender], self.runs[self.first], strict=True)
        return Spread.of(getattr(theirs, quantity) / getattr(ours, quantity) for theirs, ours in pairs)


@dataclass(frozen=True)
class Verdict:
    """A goal and the result; `met` is None if it could not be measured."""

    question: str
    goal: str
    found: str
    met: bool | None


@dataclass(frozen=True)
class Chapter:
    """One part of the page; `name` is the name of its plot, `quantity` what the plot and table show."""

    name: str
    title: str
    prose: str
    contests: Sequence[Contest]
    verdicts: Sequence[Verdict]
    quantity: Quantity = "seconds"
