"""The demo's programs: the demo waits until each has started, and none outlives the demo."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cli.demo import programs as module
from cli.demo.programs import ProgramFailed, Programs, alone, free_port, interruptible

pytestmark = pytest.mark.deep

SERVING = """
import http.server, sys
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
STARTING_A_FAMILY = """
import pathlib, subprocess, sys, time
child = "import pathlib, subprocess, sys, time; " \\
    "one = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True); " \\
    "pathlib.Path(sys.argv[1]).write_text(str(one.pid)); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", child, sys.argv[1]], start_new_session=True)
time.sleep(600)
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
NOTING_ITS_END = """
import pathlib, signal, sys, time
def end(*_):
    with open(sys.argv[1], "a") as file:
        file.write(sys.argv[2] + "\\n")
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(600)
"""
PATIENCE = 30.0  # seconds for a program to get somewhere


def python(program: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", program, *map(str, arguments)]


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.02)


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    with Programs(tmp_path / "logs") as programs:
        yield programs


def test_starting_a_program_waits_until_it_answers(programs: Programs) -> None:
    port = free_port(0)

    programs.start("server", python(SERVING, port), os.environ, ready=f"http://127.0.0.1:{port}/")

    with socket.create_connection(("127.0.0.1", port)):
        programs.check()


def test_a_program_that_ends_while_starting_is_reported_with_the_end_of_its_log(programs: Programs) -> None:
    with pytest.raises(ProgramFailed, match=r"(?s)server ended with exit code 3.*server\.log.*No room at the inn"):
        programs.start(
            "server", python("print('No room at the inn'); exit(3)"), os.environ, ready="http://127.0.0.1:9/"
        )


def test_a_program_that_never_answers_is_given_up_and_its_log_is_named(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STARTING_SECONDS", 1)

    with pytest.raises(ProgramFailed, match=r"server did not answer at http://127\.0\.0\.1:9/.*\n?.*server\.log"):
        programs.start("server", python("import time; time.sleep(600)"), os.environ, ready="http://127.0.0.1:9/")


def test_a_failure_shows_no_more_than_the_end_of_the_log(programs: Programs) -> None:
    with pytest.raises(ProgramFailed) as failed:
        programs.run("talker", python("print(*range(1000), sep='\\n'); exit(1)"), os.environ)

    assert str(failed.value).splitlines()[1:] == [str(number) for number in range(980, 1000)]


def test_a_program_that_ends_while_another_starts_is_noticed(programs: Programs) -> None:
    programs.start("first", python("exit(1)"), os.environ)

    with pytest.raises(ProgramFailed, match="first ended with exit code 1"):
        programs.start("second", python("import time; time.sleep(600)"), os.environ, ready="http://127.0.0.1:9/")


def test_a_program_that_ended_by_itself_is_noticed_even_if_it_succeeded(programs: Programs) -> None:
    programs.start("worker", python("pass"), os.environ)

    with pytest.raises(ProgramFailed, match="worker ended with exit code 0"):
        until(programs.check)


def test_a_program_that_is_meant_to_end_is_not_reported(programs: Programs) -> None:
    programs.run("deploy", python("print('deployed')"), os.environ)

    programs.check()
    assert programs.log("deploy").read_text() == "deployed\n"


def test_children_of_children_are_gone_after_stopping(programs: Programs, tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    programs.start("worker", python(STARTING_A_FAMILY, note), os.environ)
    until(lambda: note.exists() and note.read_text())
    grandchild = psutil.Process(int(note.read_text()))

    programs.stop()

    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE


def test_a_program_that_ignores_the_request_to_stop_is_killed(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOPPING_SECONDS", 0.5)
    programs.start("deaf", python(DEAF), os.environ)
    until(programs.log("deaf").read_text)
    began = time.monotonic()

    programs.stop()

    assert time.monotonic() - began < PATIENCE
    assert not [one for one in psutil.Process().children() if DEAF in one.cmdline()]


def test_programs_are_stopped_in_reverse_order(programs: Programs, tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    for name in ("sandbox", "prefect", "worker"):
        programs.start(name, python(NOTING_ITS_END, ends, name), os.environ)
        until(programs.log(name).read_text)

    programs.stop()

    assert ends.read_text().split() == ["worker", "prefect", "sandbox"]


def test_an_error_stops_the_programs_too(tmp_path: Path) -> None:
    def fail() -> None:
        with Programs(tmp_path) as programs:
            programs.start("worker", python(NOTING_ITS_END, tmp_path / "ends", "worker"), os.environ)
            until(programs.log("worker").read_text)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()

    assert (tmp_path / "ends").read_text() == "worker\n"


def test_an_impatient_second_interruption_leaves_no_program_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOPPING_SECONDS", 1)
    programs, others = Programs(tmp_path / "logs"), psutil.Process().children()
    programs.start("deaf", python(DEAF), os.environ)
    until(lambda: programs.log("deaf").read_text())
    (deaf,) = set(psutil.Process().children()) - set(others)
    again = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    again.start()
    with pytest.raises(KeyboardInterrupt), interruptible(), programs:
        os.kill(os.getpid(), signal.SIGINT)
    again.join()
    assert not deaf.is_running()


def test_a_program_sees_only_the_environment_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XPM_ENCRYPTION_KEYS", "not for the demo")

    with Programs(tmp_path) as programs:
        names = python("import os; print(*sorted(name for name in os.environ if name.startswith('XPM')))")
        programs.run("one", names, {"XPM_CONSOLE_URL": "http://127.0.0.1:4280"})
        assert programs.log("one").read_text() == "XPM_CONSOLE_URL\n"


def test_the_preferred_port_is_used_if_it_is_free() -> None:
    preferred = free_port(0)

    assert free_port(preferred) == preferred


def test_another_port_is_used_if_the_preferred_one_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        found = free_port(port)

    assert found not in (0, port)


def test_a_second_demo_in_the_same_folder_is_refused_and_a_later_one_is_not(tmp_path: Path) -> None:
    with alone(tmp_path / "demo.lock"), pytest.raises(ProgramFailed, match="running in this folder already"):
        alone(tmp_path / "demo.lock").__enter__()
    with alone(tmp_path / "demo.lock"):
        pass
