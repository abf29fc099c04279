"""Which command does what a sentence says can be done, ready to copy.

Sentences name no command: administrators and FYI's programs read them as well, and have no shell.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from cli.terminal import say
from xpm.words import Stopped

SOMEBODY = "EMAIL"
"""Stands for the address that whoever copies a command has to type."""


@dataclass(frozen=True)
class NextCommand:
    """A command that somebody may want to type next, without the program's name, and what it does."""

    does: str
    typed: str

    @property
    def line(self) -> str:
        """What it does and how it is typed, on one line."""
        return f"{self.does}: fyi-xpm {self.typed}"


_SET_CODE = NextCommand("Set the code", "states set {practice} {state} CODE --by {person}")

OF_SENTENCES: Mapping[str, NextCommand] = {
    "push.editor_unknown": NextCommand("See who there is", "user list {practice}"),
    "push.no_such_edit": NextCommand("See the numbers", "edits list {practice} --state all"),
    "push.not_to_decide": NextCommand("See how it stands", "edits show {practice} {edit}"),
    "push.nothing_waits": NextCommand("See those that arrived", "edits list {practice} --state all"),
    "push.not_started": NextCommand("See what is missing", "doctor"),
    "push.refused_state_unknown": _SET_CODE,
    "push.only_decisions": NextCommand("See what waits for a decision", "edits list {practice}"),
    "push.refused_state_set": _SET_CODE,
    "push.sent_soon": NextCommand("Send it now", "push {practice}"),
    "push.staff_unknown": NextCommand("See who there is", "staff list {practice}"),
    "push.standing_to_decide": NextCommand("See each with what can be done", "edits list {practice}"),
    "push.started": NextCommand("See whether it has arrived", "edits list {practice}"),
    "push.no_code_set": NextCommand("See them", "states list {practice}"),
    "push.state_new": NextCommand("Set a new one", "states set {practice} {state} CODE --new --by {person}"),
    "push.state_set": NextCommand("See what was refused", "edits list {practice} --state refused"),
    "push.state_unknown": NextCommand("Set it", "states set {practice} {state} CODE --new --by {person}"),
}
"""What people may type after a sentence, by its key."""


def filled_in(
    command: NextCommand, practice: str, edit: object = "EDIT", person: str = SOMEBODY, state: str = "STATE"
) -> NextCommand:
    """The command with what is known already."""
    return NextCommand(command.does, command.typed.format(practice=practice, edit=edit, person=person, state=state))


def say_next(key: str, practice: str) -> None:
    """Print the command that may come after a sentence, if there is one."""
    if command := OF_SENTENCES.get(key):
        say(filled_in(command, practice).line)


@contextmanager
def commands_of(practice: str, edit: object = "EDIT", person: str = SOMEBODY) -> Iterator[None]:
    """Add to a refusal the command that helps, if there is one. Raises Stopped as the block does."""
    try:
        yield
    except Stopped as stopped:
        command = OF_SENTENCES.get(stopped.message.key)
        if command is None:
            raise
        line = filled_in(command, practice, edit, person).line
        stopped.message = stopped.message.model_copy(update={"next": f"{stopped.message.next} {line}".strip()})
        raise
