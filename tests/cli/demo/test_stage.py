"""The demo can be used from another terminal, with the commands of the README."""

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

from cli.demo.stage import PRACTICE_NAME, Stage


def test_one_line_makes_every_command_work_in_another_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "it's a demo"
    folder.mkdir()
    stage = Stage(folder, "http://127.0.0.1:4200", "http://127.0.0.1:4280", "http://127.0.0.1:4290")
    file = stage.leave_for_a_shell()
    shell = f". {shlex.quote(str(file))} && fyi-xpm"
    make = (
        "from xpm.installation import Installation; from xpm.integration import Integration; "
        "from cli.demo.stage import people_the_practice as people\n"
        "with Installation.opened_to_migrate() as new: new.database.migrate()\n"
        "with Integration.opened() as integration: people(integration)"
    )
    python = f". {shlex.quote(str(file))} && {sys.executable} -c {shlex.quote(make)}"
    subprocess.run(["/bin/sh", "-c", python], check=True)  # noqa: S603  a line of our own
    said = subprocess.run(  # noqa: S603  a line of our own
        ["/bin/sh", "-c", f"{shell} status"], capture_output=True, text=True, check=False, env={"PATH": os.defpath}
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert PRACTICE_NAME in said.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
