"""Starts the runbook that sends edits, right after somebody has edited, or says when it is next."""

from collections.abc import Iterable, Sequence

from cli.next_commands import say_next
from cli.terminal import say
from xpm.installation import Installation
from xpm.push.editing import notes
from xpm.words import Message, Stopped, message

PUSH = "push/push"


def send_now(practice: str) -> Message:
    """Start a push of the practice in Prefect and do not wait for it; say if it cannot be started now.

    Nothing is lost then: the same runbook runs every five minutes.
    """
    from cli.prefect_server import prefect  # noqa: PLC0415 - Prefect's client loads longer than an edit takes

    try:
        with prefect() as client:
            deployment = client.read_deployment_by_name(PUSH)
            client.create_flow_run_from_deployment(deployment.id, parameters={"practice": practice})
    except Stopped as stopped:
        return message("push.not_started", reason=stopped.message.title)
    return message("push.started")


def sending(installation: Installation, practice: str) -> Sequence[Message]:
    """Start a push, unless this installation sends no edits, and say what becomes of what waits."""
    return notes(installation) or (send_now(practice),)


def sent_soon(installation: Installation) -> Sequence[Message]:
    """Say what becomes of what waits, if nobody waits for it."""
    return notes(installation) or (message("push.sent_soon"),)


def say_sending(installation: Installation, practice: str) -> None:
    """Start a push and print what becomes of what waits."""
    say_notes(sending(installation, practice), practice)


def say_notes(said: Iterable[Message], practice: str) -> None:
    """Print what becomes of what waits, each sentence with the command that may come next."""
    for one in said:
        say(one.text)
        say_next(one.key, practice)
