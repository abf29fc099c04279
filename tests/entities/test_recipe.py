"""The recipe for a new entity (`docs/adding-an-entity.md`) works as written: a copy of the project gets suppliers."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPE = (ROOT / "docs" / "adding-an-entity.md").read_text("utf-8")
COPIED = ("xpm", "sandbox", "console", "cli", "tests", "pyproject.toml")
STEP = re.compile(
    r"^(?P<where>New file|In) `(?P<file>[^`]+)`(?:, below `(?P<anchor>[^`]+)`|, at the end)?:\n\n"
    r"```python\n(?P<code>.*?)```$",
    re.MULTILINE | re.DOTALL,
)
COMMAND = re.compile(r"^```\n\.venv/bin/python (?P<arguments>.*)\n```$", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """Something to write: a new file, or lines at the end of a file or below the line that begins with `anchor`."""

    file: str
    is_new: bool
    anchor: str | None
    code: str

    def take(self, tree: Path) -> None:
        path = tree / self.file
        if path.exists() == self.is_new:
            raise AssertionError(f"{self.file} is there: {path.exists()}")
        lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
        path.write_text("".join([*lines[: self._at(lines)], self.code, *lines[self._at(lines) :]]), "utf-8")

    def _at(self, lines: list[str]) -> int:
        if self.anchor is None:
            return len(lines)
        (found,) = [number for number, line in enumerate(lines) if line.startswith(self.anchor)]
        return found + 1


def steps() -> Iterator[Step]:
    for found in STEP.finditer(RECIPE):
        yield Step(found["file"], found["where"] == "New file", found["anchor"], found["code"])


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the project."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(tree: Path, *arguments: str) -> None:
    """Run Python in the copy, with the copy's code."""
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_block_of_code_in_the_recipe_is_a_step() -> None:
    assert len([*steps()]) == RECIPE.count("```python")


def test_following_the_recipe_makes_suppliers_sync(tree: Path) -> None:
    for step in steps():
        step.take(tree)
    (command,) = COMMAND.findall(RECIPE)
    *options, what = command.replace('"', "").split(" ", 2)
    run(tree, *options, what)
    run(tree, "-m", "ruff", "check", "xpm", "sandbox", "tests/pull/test_suppliers.py")
    run(tree, "-c", "import cli.demo.report, console.app")
    proofs = ("tests/pull/test_suppliers.py", "tests/entities/test_contract.py", "tests/store/test_database.py")
    run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not postgresql", *proofs)
