"""The one door for edits: of a person on a page, a command, a file, or a program of FYI.

An edit is one transaction: the history of the record, its new value, and the edit that waits to be sent. Nothing is
asked of Xero here.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from xpm.access import audit
from xpm.access.actor import Actor
from xpm.access.audit import Action
from xpm.entities.names import Noun
from xpm.entities.registry import PUSHED
from xpm.installation import Installation
from xpm.push.asks import Ask, FieldEdit, Made, Preview, Record, RecordEdit, RefusedAsk
from xpm.push.checking import Overtaken, check
from xpm.push.cost import estimate
from xpm.push.directory import Directory
from xpm.push.placing import hold, put_value
from xpm.store import people
from xpm.store.consent import connections
from xpm.store.push import edits
from xpm.store.push.edits import EditAct, Place
from xpm.store.records import bulk
from xpm.store.records.rows import Scope
from xpm.store.tables import Practice
from xpm.words import Message, Stopped, message, stop

MOST_UNCONFIRMED = 50
"""So many records may be edited at once without a confirmation, if they are few of all."""
SHARE_UNCONFIRMED = 0.05

__all__ = ["Overtaken", "Unconfirmed", "edit", "preview", "scope_of"]


class Unconfirmed(Stopped):
    """So many records would be edited that a person has to confirm their number; `preview` says what would change."""

    def __init__(self, asked: Preview) -> None:
        super().__init__(message("push.unconfirmed", records=asked.records, fields=asked.fields, calls=asked.calls))
        self.args = (asked,)  # unpickling calls the class with these
        self.preview = asked


@dataclass(frozen=True)
class Editor:
    """Who edits: an active FYI user of the practice by email address, and the actor for the audit trail.

    Without an actor the caller writes the audit trail, as commands do.
    """

    person: str
    actor: Actor | None = None


def scope_of(session: Session, practice: Practice) -> Scope:
    """The practice and the account it is connected to. Raises Stopped if it never was."""
    tenant_id = connections.get(session, practice.slug).tenant_id
    if tenant_id is None:
        raise stop("push.never_connected", practice=practice.name)
    return Scope(practice.slug, tenant_id)


def notes(installation: Installation) -> tuple[Message, ...]:
    """What whoever edits should know about sending."""
    return () if installation.settings.xpm_push else (message("push.switched_off"),)


def preview(installation: Installation, slug: str, asks: Sequence[Ask]) -> Preview:
    """What these edits would do. Nothing is written. Raises Stopped for an unknown practice."""
    practice = installation.practice(slug)
    with installation.database.read() as session:
        known = Directory(session, scope_of(session, practice))
        return _checked(known, asks)


def edit(
    installation: Installation, slug: str, asks: Sequence[Ask], editor: Editor, *, confirmed: int | None = None
) -> Made:
    """Make these edits: all of them, or none if one is refused.

    `confirmed`: how many records a person has confirmed.

    Raises:
        Unconfirmed: so many records need a confirmation, and their number was not confirmed.
        Overtaken: a record has changed since the editor saw it.
        Stopped: an edit is refused, or the person may not edit.
    """
    practice = installation.practice(slug)
    act = EditAct(str(uuid.uuid4()), editor.person, installation.clock())
    with installation.database.write() as session:
        require_editor(session, practice, editor.person)
        known = Directory(session, scope_of(session, practice))
        _lock(known, asks)
        asked = _checked(known, asks)
        if asked.refused:
            raise Stopped(asked.refused[0].message)
        if asked.needs_confirmation and confirmed != asked.records:
            raise Unconfirmed(asked)
        for one in asked.edits:
            for change in one.changes:
                _make(known, change, act)
        if editor.actor is not None:
            what = _named(asked)
            audit.record(session, installation, editor.actor, Action.EDIT, now=act.at, practice=slug, resource=what)
    return Made(act.origin, asked, notes(installation))


def _checked(known: Directory, asks: Sequence[Ask]) -> Preview:
    made: list[tuple[int, RecordEdit]] = []
    refused: list[RefusedAsk] = []
    records = _records(known, asks)
    for number, ask in enumerate(asks, 1):
        try:
            found = check(known, ask, _require(records[ask.noun, ask.name]))
        except Overtaken:
            raise
        except Stopped as stopped:
            refused.append(RefusedAsk(number, stopped.message))
        else:
            made.append((number, found))
    refused += _twice(made)
    edits_of = _together(one for _, one in made)
    in_order = sorted(refused, key=lambda one: one.number)
    same = tuple(number for number, one in made if not one.changes)
    return Preview(edits_of, tuple(in_order), same, estimate(edits_of), _needs_confirmation(known, edits_of))


def _twice(made: Iterable[tuple[int, RecordEdit]]) -> Iterator[RefusedAsk]:
    """Refuse a field that is asked for twice with different values: nobody can tell which is meant."""
    wanted: dict[object, str | None] = {}
    for number, one in made:
        for change in one.changes:
            if wanted.setdefault(change.place, change.ours) != change.ours:
                yield RefusedAsk(number, message("push.twice", field=change.label, record=one.record.number))


def _together(made: Iterable[RecordEdit]) -> tuple[RecordEdit, ...]:
    """The changes of each record as one edit of it, however many asks they come from."""
    changes: dict[Record, dict[Place, FieldEdit]] = {}
    for one in made:
        changes.setdefault(one.record, {}).update({change.place: change for change in one.changes})
    return tuple(RecordEdit(record, tuple(of.values())) for record, of in changes.items() if of)


def _needs_confirmation(known: Directory, made: Sequence[RecordEdit]) -> bool:
    """Whether so many records change at once: more than 50, or more than one and more than a twentieth of all."""
    records = {one.record for one in made}
    nouns = {record.noun for record in records}
    all_of_them = sum(bulk.count_active(known.session, PUSHED[noun].table, known.scope) for noun in nouns)
    return len(records) > MOST_UNCONFIRMED or (len(records) > 1 and len(records) > SHARE_UNCONFIRMED * all_of_them)


def _lock(known: Directory, asks: Sequence[Ask]) -> None:
    """Hold the records, so that what is checked is what is edited."""
    found = [one for one in _records(known, asks).values() if isinstance(one, Record)]  # of others the check says why
    for noun in sorted({one.noun for one in found}):
        hold(known.session, known.scope, noun, {one.key for one in found if one.noun is noun})


def _records(known: Directory, asks: Iterable[Ask]) -> Mapping[tuple[Noun, str], Record | Stopped]:
    """The record that each ask is about, by what the ask calls it, or why there is none."""
    names: dict[Noun, set[str]] = {}
    for ask in asks:
        names.setdefault(ask.noun, set()).add(ask.name)
    edited = {noun: known.records(noun, of) for noun, of in names.items() if noun in PUSHED}
    found = {(noun, name): one for noun, of in edited.items() for name, one in of.items()}
    others = {noun: stop("push.kind_not_edited", noun=noun.words) for noun in names.keys() - PUSHED.keys()}
    return found | {(noun, name): refusal for noun, refusal in others.items() for name in names[noun]}


def _require(found: Record | Stopped) -> Record:
    if isinstance(found, Stopped):
        raise found
    return found


def _make(known: Directory, change: FieldEdit, act: EditAct) -> None:
    """Change the field in FYI, and keep the edit until XPM has it."""
    put_value(known.session, known.scope, change.place, change.ours, person=act.person, now=act.at)
    edits.put(known.session, known.scope, change.place, change.ours, base=change.before, act=act)


def require_editor_of(installation: Installation, slug: str, email: str) -> None:
    """Raise Stopped unless this person may edit, for those who ask before they show what an edit would do."""
    practice = installation.practice(slug)
    with installation.database.read() as session:
        require_editor(session, practice, email)


def require_editor(session: Session, practice: Practice, email: str) -> None:
    """Raise Stopped unless this is an active FYI user of the practice."""
    person = people.by_email(session, practice.slug, email)
    if person is None:
        raise stop("push.editor_unknown", email=email, practice=practice.name)
    if not person.is_active:
        raise stop("push.editor_inactive", person=person.name, practice=practice.name)


def _named(asked: Preview) -> str:
    """What the audit trail says was edited. What was changed is in the records' history."""
    if asked.records != 1:
        return f"{asked.records} records"
    (only,) = asked.edits
    return f"{only.record.noun} {only.record.number}"
