"""Prefect's password is made once, belongs to its owner alone, and is used unless the configuration has another."""

import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from xpm.prefect_access import BYTES, FILE, USER, UnusablePassword, is_set, make, read

ROOT = Path(__file__).parents[1]
LOGGED_IN = """
from xpm.prefect_access import log_in
log_in()
import os
print(os.environ.get("PREFECT_API_AUTH_STRING"), os.environ["DO_NOT_TRACK"])
"""


def logged_in(folder: Path, **environment: str) -> list[str]:
    """The password and the wish not to be tracked that a program in this folder hands to Prefect."""
    return _output(LOGGED_IN, folder, environment).split()


def _output(program: str, folder: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(  # noqa: S603 - programs of this file
        [sys.executable, "-c", program],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_password_is_long_random_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    one, other = make(tmp_path / "a" / "password"), make(tmp_path / "b" / "password")

    user, _, secret = one.partition(":")
    assert user == USER
    assert len(secret) * 6 >= BYTES * 8  # URL-safe base64: six bits a character
    assert one != other
    assert (tmp_path / "a" / "password").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700


def test_the_password_is_made_once(tmp_path: Path) -> None:
    assert make(tmp_path / "password") == make(tmp_path / "password") == read(tmp_path / "password")


def test_programs_that_make_it_at_the_same_time_agree_and_leave_nothing_else_behind(tmp_path: Path) -> None:
    program = f"from pathlib import Path; from xpm.prefect_access import make; print(make(Path({str(FILE)!r})))"

    with ThreadPoolExecutor(8) as starters:
        made = set(starters.map(lambda _: _output(program, tmp_path, {}), range(8)))

    assert made == {(tmp_path / FILE).read_text()}
    assert os.listdir(tmp_path / FILE.parent) == [FILE.name]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    password = make(tmp_path / "password")
    (tmp_path / "password").chmod(mode)

    for use in (read, make):
        with pytest.raises(UnusablePassword, match="others than its owner") as refused:
            use(tmp_path / "password")
        assert password not in str(refused.value)


@pytest.mark.parametrize("written", ["", "\n", "no-colon", ":no-user", "no-password:"])
def test_a_file_without_a_password_is_refused_and_stays_as_it_is(tmp_path: Path, written: str) -> None:
    file = tmp_path / "password"
    file.touch(0o600)
    file.write_text(written)

    for use in (read, make):
        with pytest.raises(UnusablePassword, match="does not hold"):
            use(file)
    assert file.read_text() == written


def test_programs_in_the_folder_use_the_file_and_do_not_track(tmp_path: Path) -> None:
    assert logged_in(tmp_path) == ["None", "1"]
    assert logged_in(tmp_path, DO_NOT_TRACK="0") == ["None", "0"]

    password = make(tmp_path / FILE)

    assert logged_in(tmp_path) == [password, "1"]
    assert logged_in(tmp_path, PREFECT_API_AUTH_STRING="") == [password, "1"]


def test_a_password_or_a_key_of_the_environment_comes_first(tmp_path: Path) -> None:
    make(tmp_path / FILE)

    assert logged_in(tmp_path, PREFECT_API_AUTH_STRING="admin:other")[0] == "admin:other"
    assert logged_in(tmp_path, PREFECT_API_KEY="pnu_cloud")[0] == "None"


@pytest.mark.parametrize(
    "line", ["PREFECT_API_AUTH_STRING=a:b", " export PREFECT_API_AUTH_STRING = 'a:b'", 'PREFECT_API_AUTH_STRING="a:b"']
)
def test_a_password_of_the_env_file_is_left_to_prefect_which_reads_that_file(tmp_path: Path, line: str) -> None:
    make(tmp_path / FILE)
    (tmp_path / ".env").write_text(f"XPM_CONSOLE_URL=http://127.0.0.1:4280\n{line}\n")

    assert logged_in(tmp_path)[0] == "None"


@pytest.mark.parametrize(
    "line", ["# PREFECT_API_AUTH_STRING=a:b", "PREFECT_API_AUTH_STRING=", "X=PREFECT_API_AUTH_STRING"]
)
def test_a_line_of_the_env_file_that_sets_nothing_is_not_taken_for_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"{line}\nXPM_CONSOLE_URL=http://127.0.0.1:4280\n")

    assert not is_set("PREFECT_API_AUTH_STRING", {})
