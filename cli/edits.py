"""`fyi-xpm edits`: lists the edits on their way to Xero Practice Manager, shows one, and exports their log."""

import csv as spreadsheet
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from zoneinfo import ZoneInfo

from rich.text import Text

from cli.answers import answer
from cli.installation import installation
from cli.next_commands import OF_SENTENCES, NextCommand, commands_of, filled_in, say_next
from cli.terminal import WholeTable, say, terminal
from xpm.push.listing import OPEN, EditLife, ListedEdit, LoggedStep, list_edits, log, show_edit
from xpm.push.naming import TIME_ENTRY
from xpm.spreadsheet import harmless, open_for_owner
from xpm.store.vocabulary import EditState
from xpm.words import message, stop
from xpm.words.moments import zone_in_words

NO_VALUE = "(empty)"
WIDE = 110  # columns of a terminal that have room for an address on one line
LOGGED = (
    "edit", "kind", "record", "field", "at", "state", "in_fyi", "in_xpm", "person", "reason", "xpms_words",
    "endpoint", "intended_at", "answered_at", "outcome", "status", "correlation_id",
)  # fmt: skip

PUT_BACK = NextCommand("put back the value that lost", "edits put-back {practice} {edit} --by {person}")

OF_STATES: Mapping[EditState, Sequence[NextCommand]] = {
    EditState.CONFLICT: (
        NextCommand("keep FYI's value", "edits keep {practice} {edit} --by {person}"),
        NextCommand("take Xero Practice Manager's value", "edits take {practice} {edit} --by {person}"),
    ),
    EditState.REFUSED: (
        NextCommand("send it again", "edits try-again {practice} {edit} --by {person}"),
        NextCommand("give it up", "edits withdraw {practice} {edit} --by {person}"),
    ),
    EditState.WITHDRAWN: (PUT_BACK,),
    EditState.CONFIRMED: (PUT_BACK,),
}
"""What people may do about an edit in each state."""


def list_edits_of(practice: str, which: str, field: str | None, *, as_json: bool) -> None:
    """List edits, oldest first."""
    with installation() as opened:
        zone = opened.practice(practice).time_zone
        found = list_edits(opened, practice, _states(which), field=field)
    nothing = "push.nothing_waits" if which == "open" and not field else "push.none_listed"
    answer(found, lambda listed: _show_all(practice, listed, zone, nothing), as_json=as_json)


def _states(which: str) -> Collection[EditState]:
    if which == "all":
        return tuple(EditState)
    return OPEN if which == "open" else (EditState(which),)


def show_edit_of(practice: str, number: int, *, as_json: bool) -> None:
    """Show one edit: both sides next to each other, and its log."""
    with installation() as opened, commands_of(practice, number):
        zone = opened.practice(practice).time_zone
        found = show_edit(opened, practice, number)
    answer(found, lambda life: _show_life(practice, life, zone), as_json=as_json)


def show_log(practice: str, since: datetime | None, csv: Path | None, *, as_json: bool) -> None:
    """Show the log of every edit, or write it to a file."""
    with installation() as opened:
        zone = opened.practice(practice).time_zone
        moment = since.replace(tzinfo=since.tzinfo or ZoneInfo(zone)).astimezone(UTC) if since else None
        steps = log(opened, practice, moment)
        if csv:
            count = _write(csv, steps)
            say(message("push.log_written", count=count, file=csv).text)
            return
        found = list(steps)
    answer(found, lambda shown: _show_steps(shown, zone, with_edit=True), as_json=as_json)


def _show_all(practice: str, found: Sequence[ListedEdit], zone: str, nothing: str) -> None:
    """Print edits, and what can be done about them; `nothing` is the key of what is said if there are none."""
    if not found:
        say(message(nothing).text)
        say_next(nothing, practice)
        return
    show_list(found, zone)
    _say_commands(practice, found)


def _say_commands(practice: str, found: Sequence[ListedEdit]) -> None:
    """Print what can be done: of edits in the same state, the commands of the first."""
    for command in (commands := _after(practice, found)):
        say(command.line)
    if commands and len(found) > 1:
        say("Other edits likewise, with their numbers.")


def _after(practice: str, found: Iterable[ListedEdit]) -> Sequence[NextCommand]:
    """What can be done about these edits: for each state, and each reason that needs more, of the first one alone."""
    commands: dict[tuple[EditState, str], NextCommand] = {}
    for one in found:
        if one.field == TIME_ENTRY and one.state in (EditState.WITHDRAWN, EditState.CONFIRMED):
            continue  # no value is lost with a time entry
        reason = OF_SENTENCES.get(one.reason.key) if one.reason else None
        for command in (reason, *OF_STATES.get(one.state, ())):
            if command:
                does = f"Edit {one.number}, to {command.does[0].lower()}{command.does[1:]}"
                of_edit = filled_in(NextCommand(does, command.typed), practice, one.number, state=quote(one.ours or ""))
                commands.setdefault((one.state, command.does), of_edit)
    return tuple(commands.values())


def show_list(found: Sequence[ListedEdit], zone: str) -> None:
    """Print edits as a table."""
    table = WholeTable("Edit", "Record and field", "In FYI", "In XPM", "State", show_lines=True)
    if terminal().width >= WIDE:
        table.columns[2].width = min(WIDE // 3, max(len(one.made_by) for one in found) + len(","))
    for one in found:
        what = Text(f"{one.noun.words} {one.record}")
        what.append(f"\n{one.name}" if one.name else "", style="dim")
        what.append(f"\n{one.field}", style="bold")
        ours = Text(one.ours or NO_VALUE)
        ours.append(f"\n{one.made_by}, {_moment(one.made_at, zone)}", style="dim")
        table.add_row(str(one.number), what, ours, _xpms(one, zone), _state(one))
    terminal().print(table)


def _xpms(one: ListedEdit, zone: str) -> Text:
    """What XPM has. If it changed the field itself, also when that was seen, and what it had before."""
    said = Text(_now(one))
    if one.theirs_at is None:
        return said
    return said.append(f"\nseen {_moment(one.theirs_at, zone)}, before: {one.base or NO_VALUE}", style="dim")


def _state(one: ListedEdit | LoggedStep) -> Text:
    said = Text(one.state, style="bold")
    said.append(f"\n{one.reason.text}" if one.reason else "", style="not bold")
    return said.append(f"\nXero Practice Manager: {one.xpms_words}" if one.xpms_words else "", style="not bold dim")


def _show_life(practice: str, life: EditLife, zone: str) -> None:
    one = life.edit
    named = f" ({one.name})" if one.name else ""
    terminal().print(Text(f"{one.field} of {one.noun.words} {one.record}{named}", style="bold"), soft_wrap=True)
    sides = WholeTable("Before", "In FYI", "In XPM")
    sides.add_row(Text(one.base or NO_VALUE), Text(one.ours or NO_VALUE), Text(_now(one)))
    sides.add_row("", f"{one.made_by}, {_moment(one.made_at, zone)}", _seen(one, zone))
    terminal().print(sides)
    _show_steps(life.steps, zone, with_edit=False)
    _say_commands(practice, [one])


def _now(one: ListedEdit) -> str:
    if one.state is EditState.CONFIRMED:
        return one.ours or NO_VALUE
    return (one.theirs if one.theirs_at else one.base) or NO_VALUE


def _seen(one: ListedEdit, zone: str) -> str:
    return f"seen {_moment(one.theirs_at, zone)}" if one.theirs_at else ""


def _show_steps(steps: Sequence[LoggedStep], zone: str, *, with_edit: bool) -> None:
    if not steps:
        say(message("push.none_listed").text)
        return
    of = ["Edit"] if with_edit else []
    table = WholeTable(*of, f"When ({zone_in_words(zone)})", "Value", "What happened", "Call", show_lines=True)
    for step in steps:
        cells = [Text(f"{step.edit}: {step.noun.words} {step.record}, {step.field}")] if with_edit else []
        by = Text(step.ours or NO_VALUE).append(f"\n{step.person}" if step.person else "", style="dim")
        table.add_row(*cells, _moment(step.at, zone), by, _state(step), Text(_call(step)))
    terminal().print(table)


def _call(step: LoggedStep) -> str:
    if step.call is None:
        return ""
    outcome = step.call.outcome or "no answer yet"
    number = f"\n{step.call.correlation_id}" if step.call.correlation_id else ""
    return f"{step.call.endpoint}: {outcome.replace('_', ' ')}{number}"


def _moment(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%d %b %H:%M}"


def _write(csv: Path, steps: Iterable[LoggedStep]) -> int:
    """Write the log to a file, and return its lines. Raises Stopped if the file cannot be written."""
    try:
        file = open_for_owner(csv)
    except OSError as error:
        raise stop("operator.audit_unwritable", file=csv, reason=error.strerror) from error
    count = 0
    with file:
        writer = spreadsheet.DictWriter(file, LOGGED, quoting=spreadsheet.QUOTE_ALL)
        writer.writeheader()
        for step in steps:
            writer.writerow({name: harmless(cell) for name, cell in _cells(step).items()})
            count += 1
    return count


def _cells(step: LoggedStep) -> Mapping[str, str]:
    call = step.call
    cells = {
        "edit": step.edit,
        "kind": step.noun,
        "record": step.record,
        "field": step.field,
        "at": step.at,
        "state": step.state,
        "in_fyi": step.ours,
        "in_xpm": step.theirs,
        "person": step.person,
        "reason": step.reason.title if step.reason else None,
        "xpms_words": step.xpms_words,
        **{name: getattr(call, name) if call else None for name in LOGGED[LOGGED.index("endpoint") :]},
    }
    return {name: _cell(value) for name, value in cells.items()}


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
