"""`fyi-xpm edit-file`: edits from a CSV file, all of them or none."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cli.answers import answer
from cli.confirming import typed_number
from cli.editing import EditAnswer, RefusedLine, said, say_all, show, show_records
from cli.installation import installation
from cli.next_commands import commands_of
from cli.sending import sent_soon
from cli.terminal import say
from xpm.installation import Installation
from xpm.push.asks import Made, Preview
from xpm.push.edit_file import EditFile, read_file
from xpm.push.editing import Editor, Unconfirmed, edit, preview, require_editor_of
from xpm.push.planning import planned_calls
from xpm.words import Message, Stopped, message, stop

SHOWN = 20
"""So many records are shown before they are changed; a dry run shows all."""


def edit_file(practice: str, csv: Path, person: str, confirmed: int | None, *, dry_run: bool, as_json: bool) -> None:
    """Make the edits of a file, or show what that would do.

    Raises:
        Stopped: the file cannot be read, a line is refused, or so many records were not confirmed. Nothing is made.
    """
    with installation() as opened, commands_of(practice):
        require_editor_of(opened, practice, person)
        file = read_file(csv)
        seen = preview(opened, practice, [line.ask for line in file.lines])
        _require_taken(practice, file, seen, as_json=as_json)
        same = _that_change_nothing(file, seen)
        if dry_run:
            calls = planned_calls(opened, practice, seen.edits)
            answer(replace(said(practice, seen, calls=calls), notes=same), show, as_json=as_json)
            return
        if seen.edits and not as_json:
            _show_first(said(practice, seen))
            if seen.needs_confirmation and confirmed is None:
                confirmed = typed_number(seen.records)
        made = _made(opened, practice, file, Editor(person), confirmed)
        found = said(practice, made.preview, made.origin)
        found = replace(found, notes=(*same, *sent_soon(opened)) if found.made else same)
    answer(found, say_all, as_json=as_json)


def _made(opened: Installation, practice: str, file: EditFile, editor: Editor, confirmed: int | None) -> Made:
    try:
        return edit(opened, practice, [line.ask for line in file.lines], editor, confirmed=confirmed)
    except Unconfirmed as unconfirmed:
        raise stop("push.records_not_confirmed", records=unconfirmed.preview.records) from None


def _require_taken(practice: str, file: EditFile, seen: Preview, *, as_json: bool) -> None:
    """Print what is refused, by line. Raises Stopped if anything is."""
    by_ask = [RefusedLine(file.lines[one.number - 1].number, one.message) for one in seen.refused]
    refused = sorted([*(RefusedLine(line, why) for line, why in file.refused), *by_ask], key=lambda one: one.line)
    if not refused:
        return
    told = message("push.file_refused", count=len(refused))
    found = replace(said(practice, seen), message=told, refused=refused)
    answer(found, lambda shown: _show_refused(shown.refused), as_json=as_json)
    raise Stopped(told)


def _that_change_nothing(file: EditFile, seen: Preview) -> tuple[Message, ...]:
    """Say which lines ask for what FYI has already, if not all of them do."""
    lines = [file.lines[number - 1].number for number in seen.without_effect]
    return (message("push.lines_same", lines=", ".join(map(str, lines))),) if lines and seen.edits else ()


def _show_refused(refused: Sequence[RefusedLine]) -> None:
    for one in refused:
        say(f"Line {one.line}: {one.message.text}")


def _show_first(found: EditAnswer) -> None:
    """Show what is about to change."""
    show_records(found.records[:SHOWN])
    if len(found.records) > SHOWN:
        say(f"and {len(found.records) - SHOWN:,} more records")
    fields = sum(len(record.fields) for record in found.records)
    say(message("push.about_to_edit", records=len(found.records), fields=fields, requests=found.requests).title)
