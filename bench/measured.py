"""One measurement: a program does one piece of work in its own process and prints what it took."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

Counts = dict[str, int]

READERS_MIB: list[float] = []
"""Peak memory of each process that the measured one started. After a fork `getrusage` reports the parent's peak."""

_MAXRSS_PER_MIB = 1024 * 1024 if sys.platform == "darwin" else 1024  # getrusage(2): bytes on macOS, KiB elsewhere


class MeasurementFailed(Exception):
    """A measured program failed or did the wrong work; the message says which and why."""


@dataclass(frozen=True)
class Measured:
    """What the work took: wall-clock seconds, CPU seconds and peak memory of its processes, and its counts."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    counts: Counts


def say(work: Callable[[], Counts]) -> None:
    """Do the work and print what it took, for `measure` to read. Imports are not in the time."""
    began, cpu_began = time.perf_counter(), _cpu_seconds()
    counts = work()
    seconds, cpu_seconds = time.perf_counter() - began, _cpu_seconds() - cpu_began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MAXRSS_PER_MIB + max(READERS_MIB, default=0)
    print(json.dumps(asdict(Measured(seconds, cpu_seconds, peak, counts))))


def _cpu_seconds() -> float:
    """Return the CPU seconds of this process and of its ended children."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measure(
    program: str, *arguments: str, expect: Mapping[str, int] | None = None, environment: Mapping[str, str] | None = None
) -> Measured:
    """Run `python -m bench.<program>` to its end and read what it took.

    Raises:
        MeasurementFailed: the program failed, or its counts differ from `expect`, so that its time means nothing.
            Without `expect` the counts are not checked: they are part of the result.
    """
    command = [sys.executable, "-m", f"bench.{program}", *arguments]
    ran = subprocess.run(  # noqa: S603 - the bench's own commands
        command, capture_output=True, text=True, check=False, env={**os.environ, **(environment or {})}
    )
    if ran.returncode:
        raise MeasurementFailed(f"{program} {' '.join(arguments)}\n{ran.stderr}")
    measured = Measured(**json.loads(ran.stdout.splitlines()[-1]))
    if expect is not None and measured.counts != expect:
        raise MeasurementFailed(f"{program} {' '.join(arguments)}: {measured.counts} instead of {dict(expect)}")
    return measured
