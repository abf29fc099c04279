"""`fyi-xpm edit-file`: edits from a CSV file, all of them or none."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cli.answers import answer
from cli.deciding import confirmed_number
from cli.editing import EditAnswer, RefusedLine, said, say_all, show, show_records
from cli.installation import installation
from cli.sending import sent_soon
from cli.terminal import say
from xpm.push.asks import Preview
from xpm.push.edit_file import EditFile, read_file
from xpm.push.editing import Editor, edit, preview
from xpm.push.planning import planned_calls
from xpm.words import Stopped, message

SHOWN = 20
"""So many records are shown before somebody confirms their number; a dry run shows all."""


def edit_file(practice: str, csv: Path, person: str, confirmed: int | None, *, dry_run: bool, as_json: bool) -> None:
    """Make the edits of a file, or show what that would do.

    Raises:
        Stopped: the file cannot be read, a line is refused, or so many records were not confirmed. Nothing is made.
    """
    with installation() as opened:
        file = read_file(csv)
        seen = preview(opened, practice, [line.ask for line in file.lines])
        _require_taken(practice, file, seen, as_json=as_json)
        if dry_run:
            calls = planned_calls(opened, practice, seen.edits)
            answer(said(practice, seen, calls=calls), show, as_json=as_json)
            return
        if seen.edits and not as_json:
            facts = {"records": seen.records, "fields": seen.fields, "requests": seen.calls}
            say(message("push.about_to_edit", **facts).title)
            if seen.needs_confirmation and confirmed is None:
                confirmed = _asked(said(practice, seen))
        made = edit(opened, practice, [line.ask for line in file.lines], Editor(person), confirmed=confirmed)
        found = said(practice, made.preview, made.origin)
        if found.made:
            found = replace(found, notes=sent_soon(opened, practice))
    answer(found, say_all, as_json=as_json)


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


def _show_refused(refused: Sequence[RefusedLine]) -> None:
    for one in refused:
        say(f"Line {one.line}: {one.message.text}")


def _asked(found: EditAnswer) -> int | None:
    show_records(found.records[:SHOWN])
    if len(found.records) > SHOWN:
        say(f"and {len(found.records) - SHOWN:,} more records")
    return confirmed_number(message("push.asked_records").title)
