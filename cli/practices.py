"""`fyi-xpm practice`: the practices of this installation."""

from datetime import date, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from xpm.connection.integration import Integration
from xpm.connection.overview import overview
from xpm.store import practices

HISTORY = timedelta(days=7 * 365)
"""How far back jobs are read unless told otherwise: Australian records are kept five years, New Zealand's seven."""

app = typer.Typer(no_args_is_help=True)


@app.command("add")
def add(
    slug: Annotated[str, typer.Argument(help="Short name, e.g. harbour-vale; used everywhere.")],
    name: Annotated[str, typer.Option(help="The practice's name.")],
    country: Annotated[str, typer.Option(help="AU, NZ, GB …: decides about tax returns.")] = "AU",
    time_zone: Annotated[str, typer.Option(help="For schedules, e.g. Pacific/Auckland.")] = "Australia/Sydney",
    history_start: Annotated[str, typer.Option(help="First day of the jobs to read, YYYY-MM-DD.")] = "",
) -> None:
    """Add a practice. Run `fyi-xpm deploy` afterwards, so that its nightly sync is scheduled."""
    with Integration.opened() as integration, integration.database.write() as session:
        now = integration.clock()
        start = date.fromisoformat(history_start) if history_start else now.date() - HISTORY
        practices.add(session, slug=slug, name=name, country=country, time_zone=time_zone, history_start=start, now=now)
    Console().print(f"Added {name}.")


@app.command("list")
def list_() -> None:
    """List the practices with the state of their connections."""
    table = Table("Practice", "Name", "Country", "Time zone", "Connection")
    with Integration.opened() as integration:
        with integration.database.read() as session:
            known = practices.all_of_them(session)
        for practice in known:
            said = overview(integration, practice.slug).said
            table.add_row(practice.slug, practice.name, practice.country, practice.time_zone, said.title)
    Console().print(table)
