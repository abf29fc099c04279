"""`fyi-xpm practice`: the practices of this installation."""

from collections.abc import Sequence
from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict

from cli.answers import answer
from cli.installation import installation
from cli.recording import changed
from cli.terminal import WholeTable, say, terminal
from xpm.activity.log import record
from xpm.activity.overview import overview
from xpm.installation import Installation
from xpm.store import practices
from xpm.store.errors import AlreadyThere
from xpm.store.tables import Practice
from xpm.store.vocabulary import ConnectionState
from xpm.words import Message, message, stop

HISTORY = timedelta(days=7 * 365)
"""How far back jobs are read by default: Australia requires records for five years, New Zealand for seven."""

NONE_YET = "There is no practice yet. Add one with: fyi-xpm practice add"


class Listed(BaseModel):
    """A practice and the state of its connection."""

    model_config = ConfigDict(frozen=True)

    practice: str
    name: str
    country: str
    time_zone: str
    history_start: date
    state: ConnectionState
    message: Message


def one_or_all(opened: Installation, practice: str) -> list[str]:
    """The short name of the given practice, or those of all practices if none is given.

    Raises:
        Stopped: no practice has the name.
    """
    if practice:
        return [opened.practice(practice).slug]
    with opened.database.read() as session:
        return [one.slug for one in practices.all_of_them(session)]


def add_practice(slug: str, name: str, country: str, time_zone: str, history_start: date | None) -> None:
    """Add a practice."""
    with installation() as opened, opened.database.write() as session:
        now = opened.clock()
        start = history_start or now.date() - HISTORY
        changed(None, {"country": country, "time_zone": time_zone, "history_start": f"{start}"})
        try:
            practices.add(
                session, slug=slug, name=name, country=country, time_zone=time_zone, history_start=start, now=now
            )
        except AlreadyThere:
            raise stop("operator.practice_there", practice=slug) from None
    say(f"Added {name}. Next: fyi-xpm user add {slug} EMAIL --name NAME --admin")


def set_practice(practice: str, person: str | None, *, include_archived_clients: bool) -> None:
    """Change a setting of a practice."""
    changes = {"include_archived_clients": include_archived_clients}
    with installation() as opened:
        opened.practice(practice)
        now = opened.clock()
        value = "On" if include_archived_clients else "Off"
        facts = {"person": person or "An operator", "setting": "Include Archived Clients", "value": value}
        said = message("settings.changed", **facts)
        with opened.database.write() as session:
            current = practices.settings_of(session, practice)
            changed({name: getattr(current, name) for name in changes}, changes)
            practices.change_settings(session, practice, changes, person=person, now=now)
            record(session, practice, said, now=now, person=person)
    say(said.text)


def list_practices(*, as_json: bool) -> None:
    """List the practices and the state of their connections."""
    with installation() as opened:
        with opened.database.read() as session:
            known = practices.all_of_them(session)
        found = [_listed(opened, practice) for practice in known]
    answer(found, lambda shown: _show(shown) if shown else say(NONE_YET), as_json=as_json)


def _listed(opened: Installation, practice: Practice) -> Listed:
    seen = overview(opened, practice.slug)
    return Listed(
        practice=practice.slug,
        name=practice.name,
        country=practice.country,
        time_zone=practice.time_zone,
        history_start=practice.history_start,
        state=seen.state,
        message=seen.message,
    )


def _show(found: Sequence[Listed]) -> None:
    table = WholeTable("Practice", "Name", "Country", "Time zone", "Connection")
    for one in found:
        table.add_row(one.practice, one.name, one.country, one.time_zone, one.message.title)
    terminal().print(table)
