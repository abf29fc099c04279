"""Lists the job states of a practice with the codes by which XPM takes them, and sets and forgets codes."""

from dataclasses import dataclass

from xpm.installation import Installation
from xpm.push import codes
from xpm.push.directory import Directory
from xpm.push.editing import require_editor, scope_of
from xpm.words import Message, message, stop


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


def set_state_code(
    installation: Installation, slug: str, name: str, code: str, person: str, *, is_new: bool = False
) -> Message:
    """Set the code of a state, and say what it was before. `is_new`: FYI may never have seen the state.

    Raises Stopped: the person may not edit, or no job was ever seen in such a state.
    """
    practice = installation.practice(slug)
    with installation.database.write() as session:
        require_editor(session, practice, person)
        known = Directory(session, scope_of(session, practice))
        state = known.state(name)
        if state is None and not is_new:
            raise stop("push.state_new", state=name, states=", ".join(known.states) or "none yet")
        state = state or name
        before = codes.code_of(session, known.scope, state)
        codes.set_code(session, known.scope, state, code)
    return message("push.state_set", state=state, code=code, before=before)


def forget_state_code(installation: Installation, slug: str, name: str, person: str) -> Message:
    """Forget the code that was set for a state, and the state as well if no job has it; say what is forgotten.

    Raises Stopped: the person may not edit, or no code is set.
    """
    practice = installation.practice(slug)
    with installation.database.write() as session:
        require_editor(session, practice, person)
        scope = scope_of(session, practice)
        state = Directory(session, scope).state(name)
        given = codes.all_set(session, scope)
        if state is None or state not in given:
            raise stop("push.no_code_set", state=state or name)
        codes.forget_code(session, scope, state)
        is_known = state in Directory(session, scope).states
    if is_known:
        return message("push.state_code_forgotten", state=state, before=given[state], code=codes.made_from(state))
    return message("push.state_forgotten", state=state, before=given[state])
