"""The sandbox to measure against, in a process of its own. It renders its answers before they are requested.

    python -m bench.xero --jobs 20000 --clients 5000 --lists FOLDER

It prints its URL once it is ready, and writes the lists it will send to FOLDER. After that, each line on its input
changes every job; it prints a line when the change is done.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from bench.measured import MeasurementFailed
from sandbox.accounts.account import Account
from sandbox.accounts.table import O, Table
from sandbox.server import SandboxServer
from sandbox.world import HARBOUR_VALE, demo_world
from sandbox.xpm.limits import RateLimits
from sandbox.xpm.render import View
from sandbox.xpm.views import CLIENT_DETAILED, JOB_DETAILED

UNLIMITED = RateLimits(0, 0, 0, 0)


class Xero:
    """Controls the running program from the parent process."""

    def __init__(self, orders: IO[str], answers: IO[str]) -> None:
        self._orders, self._answers = orders, answers
        self.url = self._answer()

    def change_every_job(self) -> None:
        """Change every job's description. When this returns, the new answers are rendered."""
        print("change", file=self._orders, flush=True)
        self._answer()

    def _answer(self) -> str:
        answer = self._answers.readline().strip()
        if not answer:
            raise MeasurementFailed("The sandbox ended unexpectedly.")
        return answer


@contextmanager
def xero(jobs: int, clients: int, lists: Path | None = None) -> Iterator[Xero]:
    """Run a sandbox with that many jobs and clients. Without `lists` it renders each answer on request."""
    sizes = ["--jobs", str(jobs), "--clients", str(clients)]
    command = [sys.executable, "-m", "bench.xero", *sizes, *(["--lists", str(lists)] if lists else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - the bench's own
        try:
            yield Xero(cast("IO[str]", process.stdin), cast("IO[str]", process.stdout))
        finally:
            process.terminate()


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--lists", type=Path)
    asked = parser.parse_args()
    world = demo_world(jobs=asked.jobs, clients=asked.clients, limits=UNLIMITED)
    account = world.accounts[HARBOUR_VALE]
    if asked.lists:
        _write_list(asked.lists / "jobs.xml", "Jobs", account.jobs, JOB_DETAILED)
        _write_list(asked.lists / "clients.xml", "Clients", account.clients, CLIENT_DETAILED)
    with SandboxServer(world) as server:
        print(server.url, flush=True)
        for number, _ in enumerate(sys.stdin, start=1):
            _change_every_job(account, f"After change {number}.")
            print("changed", flush=True)


def _write_list(file: Path, container: str, table: Table[O], view: View) -> None:
    """Write the list to a file. This also fills the sandbox's cache of rendered records."""
    with file.open("wb") as out:
        out.write(f"<Response><Status>OK</Status><{container}>".encode())
        out.writelines(_rendered(table, view))
        out.write(f"</{container}></Response>".encode())


def _rendered(table: Table[O], view: View) -> Iterator[bytes]:
    return (table.xml(position, view.name, view.write) for position in table.positions())


def _change_every_job(account: Account, description: str) -> None:
    for position in account.jobs.positions():
        account.put_job(position, account.jobs.record(position) | {"Description": description})
    for _ in _rendered(account.jobs, JOB_DETAILED):
        pass


if __name__ == "__main__":
    main()
