"""The project runs from a checkout: an editable install is all that is built (docs/decisions/0007-no-wheel.md)."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import cli.main

ROOT = Path(__file__).parents[2]


def test_the_command_of_this_environment_is_that_of_the_checkout() -> None:
    (command,) = entry_points(group="console_scripts", name="fyi-xpm")
    assert command.load() is cli.main.main
    assert Path(cli.main.__file__).is_relative_to(ROOT)


def test_a_wheel_is_refused_and_the_refusal_says_what_to_do_instead(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    built = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert built.returncode != 0
    assert "fyi-xpm is run from a checkout, not from a wheel" in built.stderr + built.stdout
    assert "pip install --editable ." in built.stderr + built.stdout
    assert list(tmp_path.iterdir()) == []
