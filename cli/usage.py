"""`fyi-xpm usage`: the calls to Xero and the bytes they brought, by day and by priority."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from pydantic import BaseModel, ConfigDict

from cli.answers import answer
from cli.installation import installation
from cli.practices import NONE_YET, one_or_all
from cli.terminal import WholeTable, say, terminal
from xpm.installation import Installation
from xpm.store import allowances
from xpm.store.consent import connections
from xpm.store.push import calls
from xpm.store.records.rows import Scope
from xpm.store.vocabulary import CallPriority


class Tally(BaseModel):
    """The calls of one day and priority."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    day: date
    priority: CallPriority
    calls: int
    bytes: int


class Usage(BaseModel):
    """The calls made for one practice, the newest day first. `writes` are those among them that sent edits."""

    model_config = ConfigDict(frozen=True)

    practice: str
    tallies: tuple[Tally, ...]
    writes: Mapping[str, int] = {}


def usage(practice: str, days: int, *, as_json: bool) -> None:
    """Show the calls to Xero and the bytes they brought, by day (UTC) and by priority."""
    with installation() as opened:
        found = [_usage(opened, slug, days) for slug in one_or_all(opened, practice)]
    answer(found, _show_all, as_json=as_json)


def _usage(opened: Installation, slug: str, days: int) -> Usage:
    since = opened.clock().date() - timedelta(days=days - 1)
    with opened.database.read() as session:
        tenant_id = connections.get(session, slug).tenant_id
        if tenant_id is None:
            return Usage(practice=slug, tallies=())
        tallies = tuple(Tally.model_validate(one) for one in allowances.usage(session, tenant_id, since))
        began = datetime.combine(since, time(), UTC)
        return Usage(practice=slug, tallies=tallies, writes=calls.made_since(session, Scope(slug, tenant_id), began))


def _show_all(found: Sequence[Usage]) -> None:
    if not found:
        say(NONE_YET)
    for one in found:
        _show(one)


def _show(found: Usage) -> None:
    if not found.tallies:
        say(f"{found.practice}: no calls to Xero in these days.")
        return
    table = WholeTable("Day (UTC)", "For", title=found.practice, title_justify="left")
    for counted in ("Calls", "Bytes"):
        table.add_column(counted, justify="right")
    for one in found.tallies:
        table.add_row(f"{one.day:%d %b %Y}", one.priority, f"{one.calls:,}", f"{one.bytes:,}")
    terminal().print(table)
    if found.writes:
        each = ", ".join(f"{endpoint} {count:,}" for endpoint, count in found.writes.items())
        say(f"Of these, calls that sent edits: {sum(found.writes.values()):,} ({each}).")
