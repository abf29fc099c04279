"""What a measurement gives: contenders at the same work, round by round, and what the ratios say of a goal."""

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
    """The median of several values and their extremes."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        """Show the median, and the extremes where they differ from it."""
        return f"{self.median:.2f} ({self.least:.2f} to {self.most:.2f})"

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Sum the values up."""
        found = sorted(values)
        return cls(median(found), found[0], found[-1])


@dataclass(frozen=True)
class Contest:
    """One piece of work done by each contender once a round; the first is the one the others are compared with."""

    work: str
    records: int
    runs: Runs

    @property
    def first(self) -> str:
        """The contender the others are compared with."""
        return next(iter(self.runs))

    def spread(self, contender: str, quantity: Quantity) -> Spread:
        """What the contender's rounds took."""
        return Spread.of(getattr(run, quantity) for run in self.runs[contender])

    def ratio(self, contender: str, quantity: Quantity = "seconds") -> Spread:
        """How many times as much as the first contender's, each round with its own: the machine's load changes."""
        pairs = zip(self.runs[contender], self.runs[self.first], strict=True)
        return Spread.of(getattr(theirs, quantity) / getattr(ours, quantity) for theirs, ours in pairs)


@dataclass(frozen=True)
class Verdict:
    """What was hoped for and what was found; `met` is None where it could not be measured."""

    question: str
    goal: str
    found: str
    met: bool | None


@dataclass(frozen=True)
class Chapter:
    """One part of the page; `name` is that of its plot, `quantity` what was measured."""

    name: str
    title: str
    prose: str
    contests: Sequence[Contest]
    verdicts: Sequence[Verdict]
    quantity: Quantity = "seconds"
