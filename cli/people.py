"""`fyi-xpm user`: the people of a practice in FYI."""

from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from xpm.connection.integration import Integration
from xpm.connection.preflight import practice_named
from xpm.store import people

app = typer.Typer(no_args_is_help=True)


@app.command("add")
def add(
    practice: Annotated[str, typer.Argument(help="The practice's short name.")],
    email: Annotated[str, typer.Argument(help="The address the person has in FYI and in Xero.")],
    name: Annotated[str, typer.Option(help="The person's name.")],
    admin: Annotated[bool, typer.Option(help="Is an FYI Admin.")] = False,
    leaving_on: Annotated[str, typer.Option(help="Last day, YYYY-MM-DD, if the person is leaving.")] = "",
) -> None:
    """Add a person to a practice."""
    with Integration.opened() as integration:
        practice_named(integration, practice)
        leaving = date.fromisoformat(leaving_on) if leaving_on else None
        with integration.database.write() as session:
            people.add(session, practice, email, name, is_admin=admin, leaving_on=leaving)
    Console().print(f"Added {name}.")


@app.command("list")
def list_(practice: Annotated[str, typer.Argument(help="The practice's short name.")]) -> None:
    """List the people of a practice."""
    table = Table("Email", "Name", "FYI Admin", "Active", "Leaving")
    with Integration.opened() as integration:
        practice_named(integration, practice)
        with integration.database.read() as session:
            for user in people.of(session, practice):
                leaving = f"{user.leaving_on}" if user.leaving_on else ""
                table.add_row(user.email, user.name, _yes(user.is_admin), _yes(user.is_active), leaving)
    Console().print(table)


def _yes(value: bool, /) -> str:
    return "yes" if value else "no"
