"""Automation > Apps > "Xero Practice Manager": the practice's connection, reconnect, settings and sync window."""

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from console.attention import LEADS_TO, findings
from console.desk import desk_of, page, practice_of
from console.gate import caller_of
from console.missing import doubts
from console.sync import buttons_of, predictions
from console.tables import rows_of
from xpm.access.rights import Right
from xpm.activity.overview import overview
from xpm.activity.receivers import receivers
from xpm.consent.under_way import under_way_of
from xpm.consent.watch import why_hand_over
from xpm.integration import Integration
from xpm.push.listing import list_edits
from xpm.store import people, practices
from xpm.store.consent import connections
from xpm.store.practices import TAX_COUNTRIES
from xpm.store.pull import quarantine
from xpm.store.records.bulk import Scope
from xpm.store.tables import Connection, FyiUser, Practice, Quarantine
from xpm.store.vocabulary import UNDECIDED, ConnectionState, SyncMode
from xpm.words import Message

FEW = 200  # records shown in the list of those set aside
FEW_EDITS = 20  # shown of those that wait for a decision


def show(request: Request) -> Response:
    """`GET /practices/{slug}`. Raises UnknownPractice."""
    integration = desk_of(request).integration
    caller = caller_of(request)
    with integration.database.read() as session:
        practice = practice_of(request, session)
        connection = connections.get(session, practice.slug)
        settings = practices.settings_of(session, practice.slug)
        shown = {
            "practice": practice,
            "connection": connection,
            "settings": settings,
            "taxes": practice.country in TAX_COUNTRIES,
            "holder": _holder(connection, people.of(session, practice.slug)),
            "warning": _warning(integration, session, practice, connection),
            "under_way": under_way_of(session, practice.slug),
            "aside": len(_aside(session, connection)),
            "doubts": doubts(session, practice.slug),
            "staff": [person for person in people.of(session, practice.slug) if person.is_active],
            "told": receivers(session, practice.slug),
        }
    seen = overview(integration, practice.slug)
    syncs: dict[str, object] = {
        "seen": seen,
        "rows": rows_of({sync.entity: sync for sync in seen.syncs}),
        "sync": buttons_of(integration, practice, settings, caller),
        "predicted": {mode: predictions(integration, practice.slug, mode) for mode in SyncMode},
    }
    rights = {
        "me_email": caller.named_in(practice.slug),
        "sees_records": caller.may(Right.SEE_RECORDS, practice.slug),
        "administers": caller.may(Right.ADMINISTER, practice.slug),
    }
    records: dict[str, object] = {"findings": [], "undecided": [], "leads_to": LEADS_TO}
    if rights["sees_records"]:
        records["findings"] = findings(integration, practice.slug)
        records["undecided"] = list_edits(integration, practice.slug, UNDECIDED, limit=FEW_EDITS)
    return page("practice.html", shown | syncs | rights | records)


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
    """Return the person who gave the connection's consent."""
    return next((person for person in staff if person.id == connection.connected_by), None)


def _warning(integration: Integration, session: Session, practice: Practice, connection: Connection) -> Message | None:
    """Warn that the connection will break because of the person who made it."""
    if connection.state is not ConnectionState.CONNECTED:
        return None
    return why_hand_over(integration, session, practice, connection)
