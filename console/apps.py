"""Automation > Apps > "Xero Practice Manager": how the practice stands, reconnecting, settings and the sync window."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from console.desk import desk_of, page, practice_of
from console.sync import buttons_of
from console.tables import rows_of
from xpm.connection.overview import overview
from xpm.connection.states import reconnecting_run
from xpm.store import connections, people, practices, quarantine
from xpm.store.practices import TAX_COUNTRIES
from xpm.store.records import Scope
from xpm.store.tables import Connection, FyiUser, Quarantine
from xpm.store.vocabulary import ConnectionState
from xpm.words import Message, message

FEW = 200  # records set aside that the list shows


def show(request: Request) -> Response:
    """`GET /practices/{slug}`. Raises UnknownPractice."""
    integration = desk_of(request).integration
    with integration.database.read() as session:
        practice = practice_of(request, session)
        connection = connections.get(session, practice.slug)
        staff = people.of(session, practice.slug)
        settings = practices.settings_of(session, practice.slug)
        shown = {
            "practice": practice,
            "connection": connection,
            "settings": settings,
            "taxes": practice.country in TAX_COUNTRIES,
            "people": staff,
            "admins": [person for person in staff if person.is_admin and person.is_active],
            "holder": _holder(connection, staff),
            "warning": _warning(connection, staff, integration.clock(), practice.time_zone),
            "under_way": reconnecting_run(session, practice.slug),
            "aside": len(_aside(session, connection)),
        }
    seen = overview(integration, practice.slug)
    syncs = {
        "seen": seen,
        "rows": rows_of({sync.entity: sync for sync in seen.syncs}),
        "sync": buttons_of(integration, practice, settings),
    }
    return page("practice.html", shown | syncs)


def show_aside(request: Request) -> Response:
    """`GET /practices/{slug}/set-aside`: the records that could not be read. Raises UnknownPractice."""
    with desk_of(request).integration.database.read() as session:
        practice = practice_of(request, session)
        aside = _aside(session, connections.get(session, practice.slug))
    return page("aside.html", {"practice": practice, "records": aside[:FEW], "count": len(aside)})


def _aside(session: Session, connection: Connection) -> list[Quarantine]:
    if connection.tenant_id is None:
        return []
    return quarantine.unresolved(session, Scope(connection.practice, connection.tenant_id))


def _holder(connection: Connection, staff: list[FyiUser]) -> FyiUser | None:
    """The person whose consent the connection is."""
    return next((person for person in staff if person.id == connection.connected_by), None)


def _warning(connection: Connection, staff: list[FyiUser], now: datetime, zone: str) -> Message | None:
    """Say in time that the connection is going to break with the person who made it."""
    holder = _holder(connection, staff)
    if holder is None or connection.state is not ConnectionState.CONNECTED:
        return None
    today = now.astimezone(ZoneInfo(zone)).date()
    if not holder.is_active or (holder.leaving_on is not None and holder.leaving_on < today):
        return message("console.holder_inactive", person=holder.name)
    if holder.leaving_on:
        return message("console.holder_leaving", person=holder.name, leaving_on=_day(holder.leaving_on))
    return None if holder.is_admin else message("console.holder_not_admin", person=holder.name)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
