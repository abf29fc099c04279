"""`fyi-xpm practice`: the practices of this installation."""

from datetime import date, timedelta

from rich.table import Table

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


def add_practice(slug: str, name: str, country: str, time_zone: str, history_start: date | None) -> None:
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


def set_practice(practice: str, person: str | None, *, include_archived_clients: bool) -> None:
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


def list_practices() -> None:
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
