"""The commands for staff that came from XPM, and for records that could not be read."""

from typing import Annotated

import typer

from cli import arguments
from cli.acts import acts
from cli.arguments import AsJson, KnownPractice, WhoAsks
from xpm.store.vocabulary import Action

staff = typer.Typer(no_args_is_help=True)
quarantine = typer.Typer(no_args_is_help=True)


@staff.command("list")
def list_staff(practice: KnownPractice, *, as_json: AsJson = False) -> None:
    """List the staff that came from XPM, with their status in FYI. They arrive inactive."""
    from cli import staff

    staff.list_staff(practice, as_json=as_json)


@staff.command("accept")
@acts(Action.ACCEPT_STAFF, "staff")
def accept_staff(
    practice: KnownPractice,
    staff: Annotated[str, typer.Argument(metavar="EMAIL_OR_ID", help="As `fyi-xpm staff list` shows them.")],
    person: Annotated[
        str | None,
        typer.Option(
            parser=arguments.email, metavar="EMAIL", help="Your address in FYI, for the history.", show_default=False
        ),
    ] = None,
) -> None:
    """Make a staff member active in FYI. The history records it; later syncs leave it alone."""
    from cli.staff import accept_staff

    accept_staff(practice, staff, person)


@quarantine.command("list")
def list_quarantine(practice: KnownPractice, *, as_json: AsJson = False) -> None:
    """List the records that could not be read, and why."""
    from cli import quarantine

    quarantine.list_quarantine(practice, as_json=as_json)


@quarantine.command("replay")
@acts(Action.REPLAY_QUARANTINE)
def replay_quarantine(practice: KnownPractice, person: WhoAsks = None, *, as_json: AsJson = False) -> None:
    """Read these records again from what was kept of them, after an upgrade of this program. Xero is not asked."""
    from cli import quarantine

    quarantine.replay_quarantine(practice, person, as_json=as_json)
