"""The commands for what people edit in FYI, on its way to Xero Practice Manager."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli import arguments, completing
from cli.acts import acts
from cli.arguments import AsJson, KnownPractice
from xpm.entities.names import Noun
from xpm.store.vocabulary import Action

edits = typer.Typer(no_args_is_help=True)
states = typer.Typer(no_args_is_help=True)
time = typer.Typer(no_args_is_help=True)


class EditedKind(StrEnum):
    """The kinds of records that people edit."""

    JOB = "job"
    CLIENT = "client"


class Which(StrEnum):
    """Which edits to list: those that Xero Practice Manager does not have yet, those in one state, or all."""

    OPEN = "open"
    CONFLICT = "conflict"
    REFUSED = "refused"
    QUEUED = "queued"
    SENDING = "sending"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    ALL = "all"


By = Annotated[
    str, typer.Option("--by", parser=arguments.email, metavar="EMAIL", help="Your address in FYI.", show_default=False)
]
MayBeBy = Annotated[
    str | None,
    typer.Option(
        "--by",
        parser=arguments.email,
        metavar="EMAIL",
        help="Your address in FYI, for the audit trail.",
        show_default=False,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change and be sent; nothing is changed.")]
Numbers = Annotated[
    list[int] | None,
    typer.Argument(metavar="EDIT", min=1, help="Numbers, as `fyi-xpm edits list` shows them.", show_default=False),
]
Ended = Annotated[
    list[int] | None,
    typer.Argument(
        metavar="EDIT", min=1, help="Numbers, as `fyi-xpm edits list --state all` shows them.", show_default=False
    ),
]
All = Annotated[bool, typer.Option("--all", help="All that wait for this, instead of numbers.")]
Field = Annotated[
    str | None, typer.Option(metavar="FIELD", help="Only edits of this field, such as due.", show_default=False)
]
Confirmed = Annotated[bool, typer.Option("--yes", help="With --all: do not ask for the number of edits.")]


@acts(Action.EDIT, "kind", "record", unless="dry_run")
def edit(
    kind: Annotated[EditedKind, typer.Argument(help="The kind of record.", show_default=False)],
    record: Annotated[
        str,
        typer.Argument(
            parser=arguments.name, metavar="RECORD", help="A job's number, a client's name, or an XPM ID of either."
        ),
    ],
    values: Annotated[
        list[str],
        typer.Argument(
            metavar="FIELD=VALUE",
            help="A field's name or a custom field's, and its new value; nothing after = makes it empty.",
            autocompletion=completing.fields,
        ),
    ],
    *,
    person: By,
    practice: Annotated[
        str,
        typer.Option(
            metavar="PRACTICE",
            help="Needed when several practices have it.",
            show_default=False,
            autocompletion=completing.practices,
        ),
    ] = "",
    version: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Refuse if the record is not at this version.", show_default=False),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Change fields of a job or client in FYI. The edits wait as Pending Sync until Xero Practice Manager has them."""
    from cli import editing
    from xpm.push.asks import Ask

    ask = Ask(Noun(kind), record, _assignments(values), version)
    editing.edit_record(ask, practice, person, dry_run=dry_run, as_json=as_json)


@acts(Action.EDIT, "csv", unless="dry_run")
def edit_file(
    practice: KnownPractice,
    csv: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV in UTF-8 with the columns kind, record, field and value.")
    ],
    person: By,
    confirm: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            min=1,
            help="So many records change, as the preview says; needed for more than 50, or 5 % of all.",
            show_default=False,
        ),
    ] = None,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Change fields of many records in FYI: all lines of a file, or none if one is refused.

    Says first how many records and requests to Xero that takes. With --json nobody is asked: --confirm decides.
    """
    from cli import edit_files

    edit_files.edit_file(practice, csv, person, confirm, dry_run=dry_run, as_json=as_json)


@acts(Action.PUSH)
def push(practice: KnownPractice, person: MayBeBy = None, *, as_json: AsJson = False) -> None:
    """Send what was edited in FYI to Xero Practice Manager, now. It is also sent every few minutes.

    Ctrl-C ends this command, not the run, which Prefect shows.
    """
    from cli import running

    running.push(practice, as_json=as_json)


@edits.command("list")
def list_edits(
    practice: KnownPractice,
    state: Annotated[
        Which, typer.Option(help="Which edits: open are all that Xero Practice Manager does not have yet.")
    ] = Which.OPEN,
    field: Field = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List edits with both sides' values and the reason for their state, oldest first."""
    from cli import edits

    edits.list_edits_of(practice, state, field, as_json=as_json)


@edits.command("show")
def show_edit(
    practice: KnownPractice,
    edit: Annotated[int, typer.Argument(metavar="EDIT", min=1, help="Its number, as `fyi-xpm edits list` shows it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one edit: before, in FYI and in Xero Practice Manager, with every step and call."""
    from cli import edits

    edits.show_edit_of(practice, edit, as_json=as_json)


@edits.command("log")
def show_log(
    practice: KnownPractice,
    since: Annotated[
        datetime | None,
        typer.Option(parser=arguments.moment, metavar="TIME", help="Only what happened since.", show_default=False),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it to this file instead.", show_default=False)
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show what was sent, when and with what outcome: every step of every edit, oldest first."""
    from cli import edits

    edits.show_log(practice, since, csv, as_json=as_json)


@edits.command("keep")
@acts(Action.DECIDE_EDIT, "numbers", "every", "field")
def keep(
    practice: KnownPractice,
    numbers: Numbers = None,
    *,
    person: By,
    every: All = False,
    field: Field = None,
    yes: Confirmed = False,
) -> None:
    """Keep FYI's value where both sides changed a field. It is sent to Xero Practice Manager."""
    _decide("keep", practice, numbers, field, person, every=every, yes=yes)


@edits.command("take")
@acts(Action.DECIDE_EDIT, "numbers", "every", "field")
def take(
    practice: KnownPractice,
    numbers: Numbers = None,
    *,
    person: By,
    every: All = False,
    field: Field = None,
    yes: Confirmed = False,
) -> None:
    """Take Xero Practice Manager's value into FYI where both sides changed a field. FYI's can be put back."""
    _decide("take", practice, numbers, field, person, every=every, yes=yes)


@edits.command("try-again")
@acts(Action.DECIDE_EDIT, "numbers", "every", "field")
def try_again(
    practice: KnownPractice,
    numbers: Numbers = None,
    *,
    person: By,
    every: All = False,
    field: Field = None,
    yes: Confirmed = False,
) -> None:
    """Send again what Xero Practice Manager refused, and lift the pause that several refusals brought."""
    _decide("try-again", practice, numbers, field, person, every=every, yes=yes)


@edits.command("withdraw")
@acts(Action.DECIDE_EDIT, "numbers")
def withdraw(practice: KnownPractice, numbers: Numbers = None, *, person: By) -> None:
    """Give edits up: FYI gets what Xero Practice Manager has. FYI's value can be put back."""
    _decide("withdraw", practice, numbers, None, person)


@edits.command("put-back")
@acts(Action.DECIDE_EDIT, "numbers")
def put_back(practice: KnownPractice, numbers: Ended = None, *, person: By) -> None:
    """Put back the value that lost, unless the field has changed since.

    Of a withdrawn edit that is FYI's value, of a confirmed one what Xero Practice Manager had before. It is possible as
    long as the edit is kept, which is as long as the history of records.
    """
    _decide("put-back", practice, numbers, None, person)


@states.command("list")
def list_states(practice: KnownPractice, *, as_json: AsJson = False) -> None:
    """List the practice's job states with the codes by which Xero Practice Manager takes them."""
    from cli import states

    states.list_states_of(practice, as_json=as_json)


@states.command("set")
@acts(Action.CHANGE_SETTINGS, "name", "code")
def set_state(
    practice: KnownPractice,
    name: Annotated[str, typer.Argument(parser=arguments.name, metavar="STATE", help="The job state's name.")],
    code: Annotated[
        str,
        typer.Argument(parser=arguments.name, metavar="CODE", help="As Xero Practice Manager's settings show it."),
    ],
    *,
    person: By,
    new: Annotated[bool, typer.Option("--new", help="No job was ever in this state; it is new in XPM.")] = False,
) -> None:
    """Set the code of a job state. Without one, FYI makes it from the name: In Progress is sent as INPROGRESS."""
    from cli import states

    states.set_state(practice, name, code, person, is_new=new)


@states.command("forget")
@acts(Action.CHANGE_SETTINGS, "name")
def forget_state(
    practice: KnownPractice,
    name: Annotated[str, typer.Argument(parser=arguments.name, metavar="STATE", help="The job state's name.")],
    *,
    person: By,
) -> None:
    """Forget the code that was set for a job state, and the state itself if no job has it."""
    from cli import states

    states.forget_state(practice, name, person)


@time.command("add")
@acts(Action.EDIT, "job")
def add_time(  # noqa: PLR0917 - what an entry is
    practice: KnownPractice,
    job: Annotated[str, typer.Argument(parser=arguments.name, metavar="JOB", help="The job's number or XPM ID.")],
    staff: Annotated[str, typer.Option(metavar="STAFF", help="Whose time: an email address, name or XPM ID.")],
    task: Annotated[str, typer.Option(metavar="TASK", help="The job's task: its name or XPM ID.")],
    date: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The day.")],
    minutes: Annotated[int, typer.Option(help="How many; below zero to take time back.")],
    person: By,
    note: Annotated[str, typer.Option(help="What was done.", show_default=False)] = "",
) -> None:
    """Record time for a job in FYI. Xero Practice Manager gets it once, whatever happens on the way."""
    from cli import time_entries
    from xpm.push.recording import TimeAsk

    time_entries.add(practice, TimeAsk(job, staff, task, date, minutes, note), person)


def _assignments(values: list[str]) -> Mapping[str, str]:
    """Fields and their new values. Raises BadParameter for anything else, and for a field that is named twice."""
    wanted: dict[str, str] = {}
    for given in values:
        field, sign, value = given.partition("=")
        if not sign or not field.strip():
            raise typer.BadParameter(f"{given!r} is not a field and its value, such as due=2026-11-30.")
        if field in wanted:
            raise typer.BadParameter(f"{field} is given twice.")
        wanted[field] = value
    return wanted


def _decide(
    choice: str,
    practice: str,
    numbers: list[int] | None,
    field: str | None,
    person: str,
    *,
    every: bool = False,
    yes: bool = False,
) -> None:
    from cli import deciding

    if bool(numbers) == every:
        raise typer.BadParameter("name the edits by their numbers" + (", or give --all, not both." if every else "."))
    if field and not every:
        raise typer.BadParameter("--field goes with --all.")
    if every:
        deciding.decide_all(practice, choice, field, person, yes=yes)
    else:
        deciding.decide_some(practice, choice, numbers or [], person)
