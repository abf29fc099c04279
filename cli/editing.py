"""`fyi-xpm edit`: changes fields of one record in FYI. They wait until Xero Practice Manager has them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.padding import Padding
from rich.text import Text

from cli.answers import answer
from cli.installation import installation
from cli.next_commands import commands_of
from cli.recording import concerns
from cli.sending import say_notes, sending
from cli.terminal import terminal
from xpm.entities.names import Noun
from xpm.installation import Installation
from xpm.push.asks import Ask, Preview
from xpm.push.directory import Directory, practices_with
from xpm.push.editing import Editor, edit, preview, require_editor_of, scope_of
from xpm.push.planning import PlannedCall, planned_calls
from xpm.push.versions import version_of
from xpm.words import Message, Stopped, message, stop


@dataclass(frozen=True)
class ChangedField:
    """A field before and after, as people read it."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class ChangedRecord:
    """The fields of one record that an edit changes."""

    kind: Noun
    record: str
    fields: Sequence[ChangedField]


@dataclass(frozen=True)
class RefusedLine:
    """A line of a file that is refused, and why."""

    line: int
    message: Message


@dataclass(frozen=True)
class EditAnswer:
    """What an edit did, or would do. `origin` names the act; `requests` is how many to Xero it takes, about.

    `calls` are those that would write, and only said by a dry run; `notes` are what to know about sending.
    `version` is that of a single record.
    """

    practice: str
    made: bool
    origin: str | None
    message: Message
    requests: int
    records: Sequence[ChangedRecord]
    calls: Sequence[PlannedCall] = ()
    refused: Sequence[RefusedLine] = ()
    notes: Sequence[Message] = ()
    version: str | None = None


def edit_record(
    ask: Ask,
    practice: str,
    person: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Change fields of a record, or show what that would do.

    Raises:
        Stopped: there is no such record or field, a field does not take its value, or the person may not edit.
    """
    with installation() as opened:
        slug = opened.practice(practice).slug if practice else _only_practice(opened, ask.noun, ask.name)
        concerns(slug)
        with commands_of(slug):
            require_editor_of(opened, slug, person)
            key = _key(opened, slug, ask)  # an edit may change the name that was typed
            found = planned(opened, slug, [ask]) if dry_run else _made(opened, slug, ask, person)
        found = replace(found, version=_version(opened, slug, ask.noun, key))
        if found.made:
            found = replace(found, notes=sending(opened, slug))
    answer(found, show, as_json=as_json)


def planned(opened: Installation, slug: str, asks: Sequence[Ask]) -> EditAnswer:
    """What these edits would do. Raises Stopped if one is refused."""
    seen = preview(opened, slug, asks)
    if seen.refused:
        raise Stopped(seen.refused[0].message)
    calls = planned_calls(opened, slug, seen.edits)
    return said(slug, seen, calls=calls)


def said(slug: str, seen: Preview, origin: str | None = None, calls: Sequence[PlannedCall] = ()) -> EditAnswer:
    """The answer for what was made, if it has an origin, or would be."""
    facts = {"fields": seen.fields, "records": seen.records, "requests": seen.calls, "practice": slug}
    key = "push.edited" if origin else "push.would_edit"
    told = message(key, **facts) if seen.edits else message("push.same_already")
    records = [
        ChangedRecord(
            one.record.noun,
            one.record.number,
            [ChangedField(change.label, change.before_shown, change.shown) for change in one.changes],
        )
        for one in seen.edits
    ]
    return EditAnswer(slug, bool(origin and seen.edits), origin, told, seen.calls, records, calls)


def show(found: EditAnswer) -> None:
    """Print each field before and after, the calls that would be made, and what comes next."""
    show_records(found.records)
    for call in found.calls:
        terminal().print(f"{call.method} {call.path}", soft_wrap=True)
        terminal().print(Padding(Text(call.body), (0, 0, 0, 4), expand=False))
    say_all(found)


def say_all(found: EditAnswer) -> None:
    """Print what was done, and what to know about sending."""
    say_notes((found.message, *found.notes), found.practice)


def show_records(records: Sequence[ChangedRecord]) -> None:
    """Print each field before and after."""
    for one in records:
        terminal().print(Text(f"{one.kind.words} {one.record}", style="bold"))
        for field in one.fields:
            line = f"{field.field}: {field.before or '(empty)'} → {field.after or '(empty)'}"
            terminal().print(Padding(Text(line), (0, 0, 0, 4), expand=False))


def _made(opened: Installation, slug: str, ask: Ask, person: str) -> EditAnswer:
    made = edit(opened, slug, [ask], Editor(person))
    return said(slug, made.preview, made.origin)


def _key(opened: Installation, slug: str, ask: Ask) -> str:
    with opened.database.read() as session:
        scope = scope_of(session, opened.practice(slug))
        return Directory(session, scope).record(ask.noun, ask.name).key


def _version(opened: Installation, slug: str, noun: Noun, key: str) -> str:
    with opened.database.read() as session:
        return version_of(session, scope_of(session, opened.practice(slug)), noun, key)


def _only_practice(opened: Installation, noun: Noun, record: str) -> str:
    """The practice that has the record. Raises Stopped if none has it, or several have."""
    with opened.database.read() as session:
        found = practices_with(session, noun, record)
    if not found:
        raise stop("push.record_unknown", noun=noun.words, name=record)
    if len(found) > 1:
        raise stop("history.several_practices", kind=noun.words, record=record, practices=", ".join(found))
    return found[0]
