"""A program under a clock that is wrong, and set right while it works. A module without tests.

It runs what it is asked for on standard input, one JSON list a line: a command or a flow with its arguments. It
answers with one JSON value a line: the command's exit code, or the name of the flow's last state.
"""

import threading
import time


def _sleep(seconds: float) -> None:
    threading.Event().wait(seconds)


time.sleep = _sleep  # type: ignore[assignment]  # libfaketime 0.9.10 breaks it where the monotonic clock is real

import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from datetime import UTC, datetime  # noqa: E402


def run(asked: list[str]) -> object:
    """Run one command or flow."""
    name, *arguments = asked
    if name == "clock":
        return datetime.now(UTC).isoformat()
    return _command(arguments) if name == "fyi-xpm" else _flow(name, arguments)


def _command(arguments: list[str]) -> object:
    from cli.main import main  # noqa: PLC0415 - after the clock's workaround

    try:
        main(arguments)
    except SystemExit as ended:
        return ended.code or 0


def _flow(name: str, arguments: list[str]) -> object:
    from flows.notify import notify  # noqa: PLC0415
    from flows.reconnect import reconnect  # noqa: PLC0415
    from flows.revert import revert  # noqa: PLC0415
    from flows.sync import sync  # noqa: PLC0415
    from flows.watch import watch  # noqa: PLC0415
    from xpm.entities.names import Entity  # noqa: PLC0415
    from xpm.store.vocabulary import SyncMode  # noqa: PLC0415

    match name, arguments:
        case "watch", []:
            ended = watch(return_state=True)
        case "notify", [practice]:
            ended = notify(practice, return_state=True)
        case "reconnect", [practice, email]:
            ended = reconnect(practice, email, long_term_user=True, return_state=True)
        case "revert", [practice, run, confirmed]:
            ended = revert(practice, run, confirmed=confirmed, return_state=True)
        case "sync", [practice, entity, mode]:
            ended = sync(practice, [Entity(entity)], SyncMode(mode), return_state=True)
        case _:
            raise ValueError(f"{name} with {arguments} is no flow.")
    return ended.name


def main() -> None:
    """Answer until standard input ends. What the commands print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
