"""The page of the practices that somebody may see."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from console.desk import desk_of, page
from console.gate import caller_of
from xpm.access.rights import Right
from xpm.activity.overview import Overview, overview
from xpm.store import practices


def show(request: Request) -> Response:
    """`GET /`."""
    integration = desk_of(request).integration
    with integration.database.read() as session:
        found = practices.all_of_them(session)
    mine = [practice for practice in found if caller_of(request).may(Right.SEE, practice.slug)]
    rows = [(practice, seen, last_sync(seen)) for practice in mine for seen in [overview(integration, practice.slug)]]
    return page("practices.html", {"rows": rows})


def last_sync(seen: Overview) -> datetime | None:
    """When the practice's latest sync of anything ended."""
    return max((sync.finished_at for sync in seen.syncs if sync.finished_at), default=None)
