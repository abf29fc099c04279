"""Starts the programs of the demo, waits until each answers, and stops every one of them at the end."""

import fcntl
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType, TracebackType

import httpx
import psutil

STARTING_SECONDS = 120  # Prefect creates its database on a first start; slow machines need a minute for it
STOPPING_SECONDS = 15  # a worker first tells its flow runs to stop


class ProgramFailed(Exception):
    """A program ended, or did not answer in time. The message names its log."""


class Programs:
    """Programs that live as long as the `with` block, each with a log file, out of reach of the terminal's Ctrl-C."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> "Programs":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], *, ready: str | None = None
    ) -> None:
        """Start a program, which sees this environment alone. If `ready` is given, wait until that URL answers.

        Raises:
            ProgramFailed: it ended by itself or did not answer within two minutes.
        """
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - the commands are this demo's own
                command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        if ready is not None:
            self._wait(name, ready)

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a program to its end. Raises ProgramFailed when it does not end well."""
        self.start(name, command, environment)
        if code := self._running.pop(name).wait():
            raise self._failure(name, f"ended with exit code {code}")

    def check(self) -> None:
        """Raise ProgramFailed if a program has ended by itself."""
        for name, process in self._running.items():
            if (code := process.poll()) is not None:
                raise self._failure(name, f"ended with exit code {code}")

    def stop(self) -> None:
        """Stop all programs, last started first, and wait until all their processes are gone."""
        for name in reversed(list(self._running)):
            _stop(self._running.pop(name))

    def log(self, name: str) -> Path:
        """Where a program's output goes."""
        return self._folder / f"{name}.log"

    def _wait(self, name: str, url: str) -> None:
        deadline = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < deadline:
            self.check()
            if _answers(url):
                return
            time.sleep(0.2)
        raise self._failure(name, f"did not answer at {url} within {STARTING_SECONDS} seconds")

    def _failure(self, name: str, what: str) -> ProgramFailed:
        lines = self.log(name).read_text(errors="replace").splitlines()[-20:]
        return ProgramFailed("\n".join([f"{name} {what}. The end of {self.log(name)}:", *lines]))


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Keep a second demo out of this folder. The lock ends with the process, however that ends.

    Raises:
        ProgramFailed: another demo is running there.
    """
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ProgramFailed("A demo is running in this folder already. Stop it first, with Ctrl-C.") from None
        yield


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, and Ctrl-C too where the shell ignores it.

    Only the first one counts: a second must not keep what the block started from being stopped.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def free_port(preferred: int) -> int:
    """`preferred` if nothing listens there, otherwise any free port."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ProgramFailed("This machine has no free port.")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.TransportError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a program and every process it started to stop, then kill them: flow runs leave their worker's group."""
    family = _family(process.pid)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOPPING_SECONDS)
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(family)
    process.wait()


def _family(pid: int) -> list[psutil.Process]:
    try:
        program = psutil.Process(pid)
        return [program, *program.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
