"""The commands that change a practice: reconnect, sync, revert and disconnect."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli import arguments
from cli.acts import acts
from cli.arguments import AsJson, KnownPractice, WhoAsks
from xpm.entities.names import Entity
from xpm.store.vocabulary import Action, SyncMode
from xpm.undo.changed_since import WhenChangedSince

A_DAY = 24 * 60  # minutes; the longest that the runbook waits

Confirmed = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]


@acts(Action.RECONNECT, "another_account")
def reconnect(
    practice: KnownPractice,
    admin: Annotated[str, typer.Option(metavar="EMAIL", help="The FYI Admin who logs in to Xero.")],
    long_term_user: Annotated[
        bool, typer.Option("--long-term-user", help="This person will keep using both FYI and Xero Practice Manager.")
    ] = False,
    minutes: Annotated[int, typer.Option(min=1, max=A_DAY, help="How long to wait for the login.")] = 30,
    *,
    another_account: Annotated[
        bool,
        typer.Option("--another-account", help="This practice has moved to another Xero Practice Manager account."),
    ] = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="End the reconnect that somebody else has under way.")
    ] = False,
) -> None:
    """Reset the connection and bring the data back in step.

    Prints the link to Xero, waits for the login, and says where to confirm an account that is new to FYI. Ctrl-C ends
    this command, not the run, which Prefect shows.
    """
    from cli import running

    parameters: dict[str, object] = {
        "practice": practice,
        "admin_email": admin,
        "long_term_user": long_term_user,
        "answer_within_minutes": minutes,
        "another_account": another_account,
    }
    running.reconnect(parameters, take_over=take_over)


@acts(Action.SYNC, "only", "changes", "lists", "record", "confirm_missing", unless="dry_run")
def sync(
    practice: KnownPractice,
    only: Annotated[
        list[Entity] | None, typer.Option(help="Only this; may be repeated.", show_default="everything")
    ] = None,
    changes: Annotated[bool, typer.Option("--changes", help="Only what changed since the last sync.")] = False,
    person: Annotated[
        str, typer.Option(metavar="EMAIL", help="Your address in FYI, for Practice Activity.", show_default=False)
    ] = "",
    record: Annotated[
        list[str] | None,
        typer.Option(
            parser=arguments.name,
            metavar="ID_OR_NUMBER",
            help="Only this client (XPM ID) or job (number or XPM ID), with its custom fields; may be repeated.",
            show_default=False,
        ),
    ] = None,
    *,
    lists: Annotated[
        bool,
        typer.Option("--lists", help="Everything but the values of custom fields, each of which costs one request."),
    ] = False,
    confirm_missing: Annotated[
        int,
        typer.Option(
            metavar="NUMBER",
            min=0,
            help="A sync stopped because so many records are missing from XPM; they really are gone: archive them.",
            show_default=False,
        ),
    ] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what a sync would change, and write nothing.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --dry-run: write every change to this file.")
    ] = None,
    all_values: Annotated[
        bool,
        typer.Option(
            "--all-values", help="With --dry-run: also compare custom field values that a sync compared within a day."
        ),
    ] = False,
    yes: Confirmed = False,
    as_json: AsJson = False,
) -> None:
    """Sync a practice with Xero Practice Manager, now.

    Says first what it will ask of Xero, and asks whether to go on if that is more than a tenth of what Xero allows in a
    day. Ctrl-C ends this command, not the run, which Prefect shows.
    """
    if record and (only or changes or lists):
        raise typer.BadParameter("--record says by itself what to read; leave out --only, --changes and --lists.")
    if csv and not dry_run:
        raise typer.BadParameter("--csv goes with --dry-run.")
    if all_values and not dry_run:
        raise typer.BadParameter("--all-values goes with --dry-run.")
    if changes and lists:
        raise typer.BadParameter("--changes and --lists exclude each other.")
    chosen = _entities_of(practice, record) if record else only or [*Entity]
    mode = SyncMode.CHANGES if changes else SyncMode.LISTS if lists else SyncMode.FULL
    if dry_run:
        from cli import dry_running

        requests = dry_running.requests_for(practice, chosen, mode, record or (), confirm_missing)
        dry_running.dry_run(requests, csv, all_values=all_values, yes=yes, as_json=as_json)
    else:
        from cli import estimating, running

        chosen_records = len(record or ())
        if not as_json and not estimating.agreed(practice, chosen, mode, chosen=chosen_records, yes=yes):
            return
        running.sync(
            practice,
            chosen,
            mode,
            person,
            records=record or (),
            confirm_missing=confirm_missing,
            as_json=as_json,
        )


def _entities_of(practice: str, records: list[str]) -> list[Entity]:
    from cli.installation import installation
    from xpm.pull.plans.chosen import entities_of

    with installation() as opened:
        return entities_of(opened, practice, records)


@acts(Action.REVERT, "run", "since", "changed_since")
def revert(
    practice: KnownPractice,
    run: Annotated[
        str,
        typer.Option(metavar="ID", help="Take this run back; `fyi-xpm runs` shows the ids.", show_default=False),
    ] = "",
    since: Annotated[
        datetime | None,
        typer.Option(
            parser=arguments.moment,
            metavar="TIME",
            help="Take back everything begun at this time or later, e.g. 2026-03-02T19:00 by the practice's clock.",
            show_default=False,
        ),
    ] = None,
    changed_since: Annotated[
        WhenChangedSince, typer.Option(help="What to do with records that others changed since.")
    ] = WhenChangedSince.STOP,
    person: WhoAsks = None,
    *,
    yes: Confirmed = False,
    as_json: AsJson = False,
) -> None:
    """Take back what syncs did: the records become as they were before.

    Shows the effect first, and asks. A revert is itself a run, so it can be taken back as well. With --json nobody is
    asked: it shows the effect, and takes the runs back only with --yes.
    """
    from cli import reverting

    reverting.revert(practice, run, since, changed_since, person, yes=yes, as_json=as_json)


@acts(Action.DISCONNECT)
def disconnect(practice: KnownPractice, yes: Confirmed = False, person: WhoAsks = None) -> None:
    """Disconnect a practice from Xero Practice Manager.

    From then on nothing is synced. Its records stay, and reconnecting to the same account goes on with them.
    """
    from cli import disconnecting

    disconnecting.disconnect(practice, person, yes=yes)
