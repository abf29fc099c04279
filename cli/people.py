"""`fyi-xpm user`: the people of a practice in FYI."""

from datetime import date
from typing import Annotated

import typer
from rich.table import Table

from cli import arguments
from cli.arguments import KnownPractice
from cli.installation import installation
from cli.terminal import say, terminal
from xpm.store import people
from xpm.store.errors import AlreadyThere
from xpm.words import stop

EXAMPLE = 'Example: `fyi-xpm user add harbour-vale mere.tane@harbourvale.example --name "Mere Tāne" --admin`'

app = typer.Typer(no_args_is_help=True)


@app.command("add", epilog=EXAMPLE)
def add(
    practice: KnownPractice,
    email: Annotated[
        str,
        typer.Argument(parser=arguments.email, metavar="EMAIL", help="The address the person has in FYI and in Xero."),
    ],
    name: Annotated[str, typer.Option(parser=arguments.name, metavar="NAME", help="The person's name.")],
    admin: Annotated[bool, typer.Option("--admin", help="Is an FYI Admin; only those may reconnect.")] = False,
    leaving_on: Annotated[
        date | None,
        typer.Option(parser=arguments.day, metavar="YYYY-MM-DD", help="The last day of somebody who is leaving."),
    ] = None,
) -> None:
    """Add a person to a practice."""
    with installation() as integration:
        integration.practice(practice)
        with integration.database.write() as session:
            try:
                people.add(session, practice, email, name, is_admin=admin, leaving_on=leaving_on)
            except AlreadyThere:
                raise stop("operator.user_there", practice=practice, email=email) from None
    say(f"Added {name}.")


@app.command("list")
def list_(practice: KnownPractice) -> None:
    """List the people of a practice."""
    table = Table("Email", "Name", "FYI Admin", "Active", "Leaving")
    with installation() as integration:
        integration.practice(practice)
        with integration.database.read() as session:
            known = people.of(session, practice)
    for user in known:
        leaving = f"{user.leaving_on}" if user.leaving_on else ""
        table.add_row(user.email, user.name, _yes(user.is_admin), _yes(user.is_active), leaving)
    if known:
        terminal().print(table)
    else:
        say(f"{practice} has nobody yet. Add somebody with: fyi-xpm user add {practice} EMAIL --name NAME")


def _yes(value: bool, /) -> str:
    return "yes" if value else "no"
