"""What the command line offers to type next is what it takes, and belongs to sentences that name no command."""

import shlex

import pytest

from cli.deciding import CHOICES
from cli.edits import OF_STATES
from cli.next_commands import OF_SENTENCES, filled_in
from tests.cli.shell import MERE, SLUG, Shell
from xpm.words import every_key

COMMANDS = {
    command.typed: command
    for command in (
        *OF_SENTENCES.values(),
        *(one for of in OF_STATES.values() for one in of),
        *(choice.undo for choice in CHOICES.values() if choice.undo),
    )
}


@pytest.mark.parametrize("typed", COMMANDS)
def test_each_command_is_one_that_there_is_with_these_options(fyi_xpm: Shell, typed: str) -> None:
    line = filled_in(COMMANDS[typed], SLUG, 1, MERE, "Planned").line.partition("fyi-xpm ")[2]

    said = fyi_xpm(*shlex.split(line), "--help")

    assert (said.code, said.err) == (0, "")
    assert "Usage:" in said.out


def test_each_sentence_with_a_command_is_in_the_catalogue() -> None:
    assert OF_SENTENCES.keys() - set(every_key()) == set()
