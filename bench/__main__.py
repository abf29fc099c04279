"""`python -m bench`: make every measurement and write the page."""

import argparse
import signal
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import page
from bench.history import history
from bench.lab import FULL, QUICK, lab
from bench.machine import load, machine
from bench.memory import memory
from bench.prefect_share import prefect_share
from bench.throughput import throughput

MEASUREMENTS = (history, throughput, memory, prefect_share)


def main() -> None:
    """Measure, and write what was found after each measurement: a run that is stopped leaves what it has."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measurements, side by side.")
    parser.add_argument("--quick", action="store_true", help="a few records, to see that everything runs")
    parser.add_argument(
        "--into", type=Path, default=Path(__file__).parent, metavar="FOLDER", help="where the page goes"
    )
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the PostgreSQL server does not outlive us
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
