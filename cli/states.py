"""`fyi-xpm states`: the codes by which Xero Practice Manager takes job states."""

from collections.abc import Sequence

from rich.text import Text

from cli.answers import answer
from cli.installation import installation
from cli.next_commands import commands_of, say_next
from cli.terminal import WholeTable, say, terminal
from xpm.push.states import StateCode, forget_state_code, list_states, set_state_code


def list_states_of(practice: str, *, as_json: bool) -> None:
    """List the job states that the practice has, with their codes."""
    with installation() as opened:
        found = list_states(opened, practice)
    answer(found, _show, as_json=as_json)


def set_state(practice: str, name: str, code: str, person: str, *, is_new: bool) -> None:
    """Set the code of a job state."""
    with installation() as opened, commands_of(practice):
        done = set_state_code(opened, practice, name, code, person, is_new=is_new)
    say(done.text)
    say_next(done.key, practice)


def forget_state(practice: str, name: str, person: str) -> None:
    """Forget the code that was set for a job state."""
    with installation() as opened, commands_of(practice):
        say(forget_state_code(opened, practice, name, person).text)


def _show(found: Sequence[StateCode]) -> None:
    table = WholeTable("Job state", "Code", "")
    for one in found:
        table.add_row(Text(one.name), Text(one.code), "set" if one.is_set else "made from the name")
    terminal().print(table)
