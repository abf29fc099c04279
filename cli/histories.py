"""`fyi-xpm history`: the life of one record, change by change."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from rich.console import Console
from rich.padding import Padding
from rich.text import Text
from sqlmodel import Session

from cli.installation import installation
from cli.kinds import Kind
from cli.terminal import say, terminal
from xpm.activity.authors import author
from xpm.store.consent import attempts
from xpm.store.records import history as lives
from xpm.store.records.history import FieldChange, Step
from xpm.store.records.kinds import ALL
from xpm.store.records.rows import Scope
from xpm.store.vocabulary import ChangeKind
from xpm.words import message, stop

UNSAID: tuple[object, ...] = (None, "", [], {})
"""What is left out where a record's own rows are told."""


def history(kind: Kind, record: str, practice: str) -> None:
    """Show what happened to one record: when, by whom, and each field before and after."""
    with installation() as integration, integration.database.read() as session:
        scopes = _scopes(session, kind, record, integration.practice(practice).slug if practice else None)
        for scope in scopes:
            if len(scopes) > 1:
                say(f"From {attempts.tenant_name(session, scope.practice, scope.tenant_id) or scope.tenant_id}:")
            life = lives.life(session, ALL[kind.table], scope, record)
            _show(terminal(), session, life)
            if life[-1].change.kind is ChangeKind.REMOVED:
                say(message("history.removed", kind=kind.words, record=record).text)
    if not scopes:
        days = integration.settings.xpm_history_days
        say(message("history.unknown", kind=kind.words, record=record, days=days).text)


def _scopes(session: Session, kind: Kind, record: str, practice: str | None) -> list[Scope]:
    """Whose record is meant.

    Raises:
        Stopped: several practices have one under this key.
    """
    found = lives.scopes_of(session, ALL[kind.table], record)
    meant = [scope for scope in found if practice in (None, scope.practice)]
    if len(named := sorted({scope.practice for scope in meant})) > 1:
        raise stop("history.several_practices", kind=kind.words, record=record, practices=", ".join(named))
    return meant


def _show(console: Console, session: Session, life: Sequence[Step]) -> None:
    for step in life:
        change = step.change
        by = author(session, change.run_id, change.person)
        console.print(Text.assemble(f"{change.at:%d %b %Y %H:%M} UTC  ", (change.kind, "bold"), f" by {by}"))
        for field in step.fields:
            for line, indent in _lines(field):
                console.print(Padding(line, (0, 0, 0, indent), expand=False))


def _lines(change: FieldChange) -> Iterator[tuple[str, int]]:
    """A field before and after, each line with its indent; of a list only what came and went."""
    name = change.field.replace("_", " ")
    if not isinstance(change.before, list) or not isinstance(change.after, list):
        yield f"{name}: {_legible(change.before)} → {_legible(change.after)}", 4
        return
    yield f"{name}:", 4
    gone = [one for one in change.before if one not in change.after]
    come = [one for one in change.after if one not in change.before]
    for sign, values in (("-", gone), ("+", come)):
        for value in values:
            yield f"{sign} {_legible(value)}", 6
    if not gone and not come:
        yield "in another order", 6


def _legible(value: object) -> str:
    match value:
        case None | "" | []:
            return "(empty)"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%d %b %Y %H:%M} UTC"
        case Mapping():
            said = ((name, one) for name, one in value.items() if one not in UNSAID)
            return ", ".join(f"{str(name).replace('_', ' ')} {_legible(one)}" for name, one in said)
        case list():
            return "; ".join(_legible(one) for one in value)
        case _:
            return str(value)
