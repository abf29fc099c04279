"""The commands that only look: at practices, their records, their runs and this installation."""

from typing import Annotated

import typer

from cli import completing
from cli.arguments import MOST, AsJson, KnownPractice, OneOrAll
from xpm.entities.names import Noun
from xpm.store.vocabulary import ActivityStatus


def status(practice: OneOrAll = "", *, as_json: AsJson = False) -> None:
    """Show each practice's connection to Xero Practice Manager, and its last syncs."""
    from cli import showing

    showing.status(practice, as_json=as_json)


def activity(
    practice: KnownPractice,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many entries, newest first.")] = 30,
    search: Annotated[str, typer.Option(help="Only entries with this text.", show_default=False)] = "",
    status: Annotated[ActivityStatus | None, typer.Option(help="Only entries of this status.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show Practice Activity, newest first."""
    from cli import showing

    showing.activity(practice, limit, search, status, as_json=as_json)


def attention(practice: KnownPractice, *, as_json: AsJson = False) -> None:
    """List what somebody should look at: deleted records, possible merges, jobs without a client and the like."""
    from cli import attention

    attention.attention(practice, as_json=as_json)


def runs(
    practice: KnownPractice,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many runs, newest first.")] = 20,
    *,
    as_json: AsJson = False,
) -> None:
    """Show recent runs, newest first, with the id that `fyi-xpm revert --run` takes."""
    from cli import runs

    runs.runs(practice, limit, as_json=as_json)


def history(
    kind: Annotated[Noun, typer.Argument(help="The kind of record.", show_default=False)],
    record: Annotated[
        str, typer.Argument(metavar="ID", help="A job's number, a tax return's id, the UUID of anything else.")
    ],
    practice: Annotated[
        str,
        typer.Option(
            metavar="PRACTICE",
            help="Needed when several practices have it.",
            show_default=False,
            autocompletion=completing.practices,
        ),
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Show what happened to one record: when, by whom, and each field before and after."""
    from cli import histories

    histories.history(kind, record, practice, as_json=as_json)


def usage(
    practice: OneOrAll = "",
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days, today included.")] = 7,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the calls to Xero and the bytes they brought, by day (UTC) and by priority.

    Xero allows each practice a number of calls a day, and charges for what is read.
    """
    from cli import usage

    usage.usage(practice, days, as_json=as_json)


def doctor(*, as_json: AsJson = False) -> None:
    """Check the key, the database, the Xero app, Prefect and the console; say how to fix each."""
    from cli import doctor

    doctor.doctor(as_json=as_json)
