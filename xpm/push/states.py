"""Lists the job states of a practice with the codes by which XPM takes them, and sets a code."""

from dataclasses import dataclass

from xpm.installation import Installation
from xpm.push import codes
from xpm.push.directory import Directory
from xpm.push.editing import require_editor, scope_of


@dataclass(frozen=True)
class StateCode:
    """A job state and its code. `is_set`: a person set the code; otherwise it is made from the name."""

    name: str
    code: str
    is_set: bool


def list_states(installation: Installation, slug: str) -> list[StateCode]:
    """The job states that FYI has seen or been told of. Raises Stopped: the practice was never connected."""
    practice = installation.practice(slug)
    with installation.database.read() as session:
        scope = scope_of(session, practice)
        given = codes.all_set(session, scope)
        return [
            StateCode(name, given.get(name) or codes.made_from(name), name in given)
            for name in Directory(session, scope).states
        ]


def set_state_code(installation: Installation, slug: str, name: str, code: str, person: str) -> StateCode:
    """Set the code of a state, which may be new to FYI. Raises Stopped: the person may not edit."""
    practice = installation.practice(slug)
    with installation.database.write() as session:
        require_editor(session, practice, person)
        scope = scope_of(session, practice)
        state = StateCode(Directory(session, scope).state(name) or name, code, is_set=True)
        codes.set_code(session, scope, state.name, state.code)
    return state
