"""Marks the commands that act, so that each leaves its lines in the audit trail."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps

from xpm.store.vocabulary import Action

Command = Callable[..., None]

ACTIONS: dict[Command, Action] = {}
"""What each marked command does."""


def acts(action: Action, *about: str, unless: str = "") -> Callable[[Command], Command]:
    """Record a command in the audit trail: before it does anything, and how it ended.

    `about` are the parameters that say what it acts on; `unless` is an option with which it only shows something. The
    practice and the person are recorded from the parameters of these names.
    """

    def mark(command: Command) -> Command:
        @wraps(command)
        def recorded(**given: object) -> None:
            if unless and given[unless]:
                command(**given)
                return
            from cli.recording import recording  # noqa: PLC0415 - help and completion do not wait for it

            practice, person = given.get("practice") or given.get("slug"), given.get("person") or given.get("admin")
            with recording(action, _text(practice), _about(given, about), _text(person)):
                command(**given)

        ACTIONS[command] = action
        return recorded

    return mark


def _about(given: Mapping[str, object], names: Sequence[str]) -> str | None:
    """What a command acts on, in a few words: the values of these parameters, and the names of those that are on."""
    said = (_words(name, given[name]) for name in names if given[name])
    return ", ".join(said) or None


def _words(name: str, value: object) -> str:
    if value is True:
        return name.replace("_", " ")
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None  # `--admin` of `user add` is no person
