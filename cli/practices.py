"""`fyi-xpm practice`: the practices of this installation."""

from datetime import date, timedelta
from typing import Annotated

import typer
from rich.table import Table

from cli import arguments
from cli.arguments import KnownPractice, WhoAsks
from cli.installation import installation
from cli.terminal import say, terminal
from xpm.activity.log import record
from xpm.activity.overview import overview
from xpm.integration import Integration
from xpm.store import practices
from xpm.store.errors import AlreadyThere
from xpm.words import message, stop

HISTORY = timedelta(days=7 * 365)
"""How far back jobs are read unless told otherwise: Australian records are kept five years, New Zealand's seven."""

NONE_YET = "There is no practice yet. Add one with: fyi-xpm practice add"
EXAMPLE = (
    'Example: `fyi-xpm practice add harbour-vale --name "Harbour & Vale" --country NZ --time-zone Pacific/Auckland`'
)

app = typer.Typer(no_args_is_help=True)


def one_or_all(integration: Integration, practice: str) -> list[str]:
    """The practice that was named, or all there are, by short names; says so where there is none yet.

    Raises:
        Stopped: no practice has the name.
    """
    if practice:
        return [integration.practice(practice).slug]
    with integration.database.read() as session:
        known = [one.slug for one in practices.all_of_them(session)]
    if not known:
        say(NONE_YET)
    return known


@app.command("add", epilog=EXAMPLE)
def add(
    slug: Annotated[
        str, typer.Argument(parser=arguments.new_slug, metavar="PRACTICE", help="A short name, used everywhere.")
    ],
    name: Annotated[str, typer.Option(parser=arguments.name, metavar="NAME", help="The practice's name.")],
    country: Annotated[
        str,
        typer.Option(
            parser=arguments.country, metavar="COUNTRY", help="AU, NZ, GB …: only AU and NZ have tax returns."
        ),
    ] = "AU",
    time_zone: Annotated[
        str,
        typer.Option(parser=arguments.time_zone, metavar="ZONE", help="Its clock decides when the night's sync runs."),
    ] = "Australia/Sydney",
    history_start: Annotated[
        date | None,
        typer.Option(
            parser=arguments.first_day,
            metavar="YYYY-MM-DD",
            help="First day of the jobs to read.",
            show_default="7 years ago",
        ),
    ] = None,
) -> None:
    """Add a practice. Run `fyi-xpm deploy` afterwards, so that its nightly sync is scheduled."""
    with installation() as integration, integration.database.write() as session:
        now = integration.clock()
        start = history_start or now.date() - HISTORY
        try:
            practices.add(
                session, slug=slug, name=name, country=country, time_zone=time_zone, history_start=start, now=now
            )
        except AlreadyThere:
            raise stop("operator.practice_there", practice=slug) from None
    say(f"Added {name}. Next: fyi-xpm user add {slug} EMAIL --name NAME --admin")


@app.command("set")
def set_(
    practice: KnownPractice,
    include_archived_clients: Annotated[
        bool,
        typer.Option(
            "--include-archived-clients/--leave-out-archived-clients",
            help="Whether a full sync brings clients that were archived before FYI knew them.",
            show_default=False,
        ),
    ],
    person: WhoAsks = None,
) -> None:
    """Change a setting of a practice. The others are on the console's Apps page."""
    changes = {"include_archived_clients": include_archived_clients}
    with installation() as integration:
        integration.practice(practice)
        now = integration.clock()
        value = "On" if include_archived_clients else "Off"
        facts = {"person": person or "An operator", "setting": "Include Archived Clients", "value": value}
        said = message("settings.changed", **facts)
        with integration.database.write() as session:
            practices.change_settings(session, practice, changes, person=person, now=now)
            record(session, practice, said, now=now, person=person)
    say(said.text)


@app.command("list")
def list_() -> None:
    """List the practices with the state of their connections."""
    table = Table("Practice", "Name", "Country", "Time zone", "Connection")
    with installation() as integration:
        with integration.database.read() as session:
            known = practices.all_of_them(session)
        for practice in known:
            said = overview(integration, practice.slug).said
            table.add_row(practice.slug, practice.name, practice.country, practice.time_zone, said.title)
    if known:
        terminal().print(table)
    else:
        say(NONE_YET)
