"""The Practice Activity page: what the product did for a practice, newest first, to filter, search and export."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from urllib.parse import urlencode
from uuid import UUID

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from console.desk import as_typed, desk_of, local_time, notice, page, practice_of
from console.gate import caller_of
from console.missing import doubts
from xpm.access.rights import Right
from xpm.integration import Integration
from xpm.spreadsheet import harmless
from xpm.store import activity
from xpm.store.tables import Practice, PracticeActivity
from xpm.store.vocabulary import ActivityStatus, Topic
from xpm.words import message
from xpm.words.moments import zone_in_words

A_PAGE = 50
LONGEST_SEARCH = 200  # characters, as in the page's own field; a longer one costs the database more than it finds
AT_ONCE = 500  # entries that an export reads at once
COLUMNS = ("Time ({zone})", "Status", "What happened", "Cause", "Next step", "Person", "Run")


@dataclass(frozen=True)
class LogQuery:
    """Which entries the reader wants to see. `with_next`: the reader may also see, and find, what to do next."""

    status: ActivityStatus | None
    search: str
    before: int | None
    with_next: bool

    @classmethod
    def by(cls, request: Request, *, with_next: bool) -> "LogQuery":
        """Read the request's query; invalid values are ignored."""
        query = request.query_params
        status, before = query.get("status", ""), query.get("before", "")
        return cls(
            status=ActivityStatus(status) if status in set(ActivityStatus) else None,
            search=as_typed(query.get("search", "")),
            before=int(before) if before.isascii() and before.isdecimal() and len(before) < len(str(2**63)) else None,
            with_next=with_next,
        )

    def query(self, **more: str | int) -> str:
        """Write the same query for a link, with something added."""
        return "?" + urlencode({name: value for name, value in self.filters().items() if value} | more)

    def filters(self) -> dict[str, str]:
        """Return the query's filters, without the place in the list."""
        return {"status": str(self.status or ""), "search": self.search}

    def entries(self, session: Session, practice: str, limit: int, before: int | None) -> list[PracticeActivity]:
        """Return the matching entries."""
        return activity.recent(
            session,
            practice,
            limit,
            status=self.status,
            search=self.search or None,
            before=before,
            with_next=self.with_next,
        )


def show(request: Request) -> Response:
    """`GET /practices/{slug}/activity`, also as CSV with `format=csv`. Raises UnknownPractice."""
    integration = desk_of(request).integration
    sees_records = caller_of(request).may(Right.SEE_RECORDS, request.path_params["slug"])
    asked = LogQuery.by(request, with_next=sees_records)
    if len(asked.search) > LONGEST_SEARCH:
        return notice(message("console.search_too_long", characters=LONGEST_SEARCH), 400)
    with integration.database.read() as session:
        practice = practice_of(request, session)
        entries = asked.entries(session, practice.slug, A_PAGE + 1, asked.before)
        in_doubt = {doubt.run_id: doubt for doubt in doubts(session, practice.slug)}
    if request.query_params.get("format") == "csv":
        name = f"practice-activity-{practice.slug}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        lines = _csv(integration, practice, asked)
        return StreamingResponse(lines, media_type="text/csv", headers=headers)
    shown = entries[:A_PAGE]
    older = asked.query(before=shown[-1].id or 0) if len(entries) > A_PAGE else None
    found = {
        "practice": practice,
        "doubts": in_doubt if sees_records else {},
        "entries": shown,
        "with_page": {entry.id for entry in shown if _has_page(entry)},
        "asked": asked,
        "statuses": list(ActivityStatus),
    }
    return page("activity.html", found | {"older": older, "export": asked.query(format="csv")})


def _has_page(entry: PracticeActivity) -> bool:
    """Whether the console has a page of the entry's run. What sends edits may do so for several practices at once."""
    try:
        UUID(entry.flow_run_id or "")
    except ValueError:  # no run of Prefect's
        return False
    return entry.topic != Topic.PUSH


def _csv(integration: Integration, practice: Practice, asked: LogQuery) -> Iterator[str]:
    """Write all matching entries, `AT_ONCE` at a time."""
    yield "\ufeff" + _lines(
        [tuple(name.format(zone=zone_in_words(practice.time_zone)) for name in COLUMNS)]
    )  # the byte order mark makes Excel read UTF-8
    before: int | None = None
    while True:
        with integration.database.read() as session:
            entries = asked.entries(session, practice.slug, AT_ONCE, before)
        yield _lines([_cells(entry, practice.time_zone, with_next=asked.with_next) for entry in entries])
        if len(entries) < AT_ONCE:
            return
        before = entries[-1].id


def _cells(entry: PracticeActivity, zone: str, *, with_next: bool) -> tuple[str, ...]:
    texts = (entry.title, entry.detail, entry.next_step if with_next else "", entry.person, entry.flow_run_id)
    return (local_time(entry.at, zone), str(entry.status), *(harmless(text or "") for text in texts))


def _lines(rows: list[tuple[str, ...]]) -> str:
    written = StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
