"""`fyi-xpm staff`: who came from XPM, and who of them may work in FYI."""

from typing import Annotated

import typer
from rich.table import Table

from cli import arguments
from cli.arguments import KnownPractice
from cli.installation import installation
from cli.terminal import say, terminal
from xpm.activity import acceptance
from xpm.words import message

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_(practice: KnownPractice) -> None:
    """List the staff that came from XPM, with their status in FYI: they arrive inactive."""
    with installation() as integration:
        name = integration.practice(practice).name
        known = acceptance.staff_of(integration, practice)
    table = Table("Name", "Email", "Status", "Id")
    for one in known:
        table.add_row(one.name or "", one.email or "", one.fyi_status, one.uuid)
    if known:
        terminal().print(table)
    else:
        say(message("staff.nobody", practice=name, slug=practice).text)


@app.command("accept")
def accept(
    practice: KnownPractice,
    staff: Annotated[str, typer.Argument(metavar="EMAIL_OR_ID", help="As `fyi-xpm staff list` shows them.")],
    person: Annotated[
        str | None,
        typer.Option(
            parser=arguments.email, metavar="EMAIL", help="Your address in FYI, for the history.", show_default=False
        ),
    ] = None,
) -> None:
    """Make a staff member active in FYI. It stands in the history; later syncs leave it."""
    with installation() as integration:
        say(acceptance.accept(integration, practice, staff, person).text)
