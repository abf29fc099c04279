"""`python -m bench`: run every measurement and write the page."""

import argparse
import signal
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import page
from bench.busy_console import busy_console
from bench.history import history
from bench.hostile_answers import hostile_answers
from bench.lab import FULL, QUICK, lab
from bench.machine import load, machine
from bench.memory import memory
from bench.prefect_share import prefect_share
from bench.throughput import throughput

MEASUREMENTS = (history, throughput, memory, prefect_share, busy_console, hostile_answers)


def main() -> None:
    """Run the measurements and write the page after each one, so that a stopped run keeps its results."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Run all measurements side by side.")
    parser.add_argument("--quick", action="store_true", help="use a few records, to check that everything runs")
    parser.add_argument(
        "--into", type=Path, default=Path(__file__).parent, metavar="FOLDER", help="where to write the page"
    )
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # unwind, so that the PostgreSQL server is stopped
    sizes = QUICK if asked.quick else FULL
    began, load_before = time.monotonic(), load()
    with TemporaryDirectory(prefix="xpm-bench-") as folder, lab(sizes, Path(folder)) as place:
        chapters = []
        for measurement in MEASUREMENTS:
            print(f"{measurement.__name__} …", flush=True)
            chapters.append(measurement(place))
            took = f"{(time.monotonic() - began) / 60:.0f} minutes"
            facts = {"rounds": str(sizes.rounds), "load before and after": f"{load_before}; {load()}", "took": took}
            page.write(asked.into, chapters, machine(place.server) | facts)
    print(f"Written: {asked.into / page.PAGE}")


if __name__ == "__main__":
    main()
