"""`fyi-xpm history`: the life of one record, change by change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.padding import Padding
from rich.text import Text
from sqlmodel import Session

from cli.answers import answer
from cli.installation import installation
from cli.terminal import say, terminal
from xpm.activity import lives
from xpm.activity.lives import Changed
from xpm.entities.names import Noun
from xpm.store import practices
from xpm.store.consent import attempts
from xpm.store.records.history import FieldChange
from xpm.store.records.rows import Scope
from xpm.store.vocabulary import ChangeKind
from xpm.words import message, stop
from xpm.words.moments import zone_in_words

UNSAID: tuple[object, ...] = (None, "", [], {})
"""Values that are left out when a whole row is shown."""


@dataclass(frozen=True)
class Life:
    """A record's changes in one account, oldest first. `time_zone` is the practice's."""

    practice: str
    account: str
    time_zone: str
    changes: Sequence[Changed]


def history(kind: Noun, record: str, practice: str, *, as_json: bool) -> None:
    """Show what happened to one record: when, by whom, and each field before and after."""
    with installation() as opened, opened.database.read() as session:
        meant = _meant(session, kind, record, opened.practice(practice).slug if practice else None)
        found = [one for one in (_life(session, kind, scope, key) for scope, key in meant) if one.changes]
    facts = {"kind": kind.words, "record": record}
    unknown = message("history.unknown", **facts, days=opened.settings.xpm_history_days).text
    removed = message("history.removed", **facts).text
    answer(found, lambda lives: _show(lives, removed) if lives else say(unknown), as_json=as_json)


def _meant(session: Session, kind: Noun, record: str, practice: str | None) -> list[tuple[Scope, str]]:
    """Where the record is, and its key there: in one practice, possibly in several of its accounts.

    Raises:
        Stopped: several practices have one under this key.
    """
    found = lives.named(session, kind, record)
    meant = [(scope, key) for scope, key in found if practice in (None, scope.practice)]
    if len(named := sorted({scope.practice for scope, _ in meant})) > 1:
        raise stop("history.several_practices", kind=kind.words, record=record, practices=", ".join(named))
    return meant


def _life(session: Session, kind: Noun, scope: Scope, key: str) -> Life:
    account = attempts.tenant_name(session, scope.practice, scope.tenant_id) or scope.tenant_id
    zone = practices.get(session, scope.practice).time_zone
    return Life(scope.practice, account, zone, lives.life(session, kind, scope, key))


def _show(found: Sequence[Life], removed: str) -> None:
    for life in found:
        if len(found) > 1:
            say(f"From {life.account}:")
        terminal().print(Text(f"When ({zone_in_words(life.time_zone)})", style="dim"))
        for change in life.changes:
            _show_change(change, life.time_zone)
        if life.changes[-1].kind is ChangeKind.REMOVED:
            say(removed)


def _show_change(change: Changed, zone: str) -> None:
    console = terminal()
    console.print(Text.assemble(f"{_moment(change.at, zone)}  ", (change.kind, "bold"), f" by {change.by}"))
    for field in _of_interest(change.fields):
        for line, indent in _lines(field, zone):
            console.print(Padding(line, (0, 0, 0, indent), expand=False))


def _of_interest(fields: Sequence[FieldChange]) -> Iterator[FieldChange]:
    """The fields without the XPM IDs of those who are shown by name."""
    shown = {field.field for field in fields}
    return (one for one in fields if one.field.removesuffix("_uuid") + "_name" not in shown)


def _lines(change: FieldChange, zone: str) -> Iterator[tuple[str, int]]:
    """A field before and after, as lines with their indent. Of a list, only the entries that came or went."""
    name = change.field.replace("_", " ")
    if not isinstance(change.before, list) or not isinstance(change.after, list):
        yield f"{name}: {_legible(change.before, zone)} → {_legible(change.after, zone)}", 4
        return
    yield f"{name}:", 4
    gone = [one for one in change.before if one not in change.after]
    come = [one for one in change.after if one not in change.before]
    for sign, values in (("-", gone), ("+", come)):
        for value in values:
            yield f"{sign} {_legible(value, zone)}", 6
    if not gone and not come:
        yield "in another order", 6


def _moment(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%d %b %Y %H:%M}"


def _legible(value: object, zone: str) -> str:
    match value:
        case None | "" | []:
            return "(empty)"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return _moment(value, zone)
        case Mapping():
            unsaid = (*UNSAID, value.get("uuid")) if value.get("name") else UNSAID
            said = ((name, one) for name, one in value.items() if one not in unsaid)
            return ", ".join(f"{str(name).replace('_', ' ')} {_legible(one, zone)}" for name, one in said)
        case list():
            return "; ".join(_legible(one, zone) for one in value)
        case _:
            return str(value)
