"""`fyi-xpm states`: the codes by which Xero Practice Manager takes job states."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from cli.answers import answer
from cli.installation import installation
from cli.next_commands import commands_of
from cli.terminal import say, terminal
from xpm.push.states import StateCode, list_states, set_state_code
from xpm.words import message


def list_states_of(practice: str, *, as_json: bool) -> None:
    """List the job states that the practice has, with their codes."""
    with installation() as opened:
        found = list_states(opened, practice)
    answer(found, _show, as_json=as_json)


def set_state(practice: str, name: str, code: str, person: str) -> None:
    """Set the code of a job state."""
    with installation() as opened, commands_of(practice):
        state = set_state_code(opened, practice, name, code, person)
    say(message("push.state_set", state=state.name, code=state.code).text)


def _show(found: Sequence[StateCode]) -> None:
    table = Table("Job state", "Code", "")
    for one in found:
        table.add_row(Text(one.name), Text(one.code), "set" if one.is_set else "made from the name")
    terminal().print(table)
