"""`fyi-xpm status` and `fyi-xpm activity`: how practices stand, and what happened."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict
from rich.text import Text

from cli.answers import answer
from cli.installation import installation
from cli.next_commands import say_next
from cli.practices import NONE_YET, one_or_all
from cli.terminal import WholeTable, say, terminal
from xpm.activity.overview import EditsStanding, LastSync, Overview, overview
from xpm.entities.names import Entity
from xpm.store import activity as log
from xpm.store.vocabulary import ActivityStatus, ConnectionState
from xpm.words import Message
from xpm.words.moments import zone_in_words

COLOURS = {
    ActivityStatus.SUCCESS: "green",
    ActivityStatus.FAILURE: "red",
    ActivityStatus.ACTION_REQUIRED: "yellow",
    ActivityStatus.ALERT: "magenta",
    ActivityStatus.IN_PROGRESS: "cyan",
}


class PracticeStanding(BaseModel):
    """One practice's connection, and the last sync of each entity."""

    model_config = ConfigDict(frozen=True)

    practice: str
    name: str
    time_zone: str
    state: ConnectionState
    since: datetime
    account: str | None
    connected_by: str | None
    message: Message
    syncs: tuple[LastSync, ...]
    edits: EditsStanding | None


class Entry(BaseModel):
    """One entry of Practice Activity."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    at: datetime
    status: ActivityStatus
    kind: str
    title: str
    detail: str | None
    next_step: str | None
    person: str | None
    flow_run_id: str | None


def status(practice: str, *, as_json: bool) -> None:
    """Show how practices stand with Xero Practice Manager, and their last syncs."""
    with installation() as opened:
        found = [_standing(overview(opened, slug)) for slug in one_or_all(opened, practice)]
    answer(found, _show_standings, as_json=as_json)


def activity(practice: str, limit: int, search: str, status: ActivityStatus | None, *, as_json: bool) -> None:
    """Show Practice Activity, newest first."""
    with installation() as opened:
        zone = opened.practice(practice).time_zone
        with opened.database.read() as session:
            found = log.recent(session, practice, limit, status=status, search=search or None)
    none = "Practice Activity has no such entry." if search or status else "Practice Activity is empty."
    entries = [Entry.model_validate(entry) for entry in found]
    answer(
        entries,
        lambda shown: terminal().print(activity_table(shown, zone)) if shown else say(none),
        as_json=as_json,
    )


def activity_table(entries: Sequence[Entry], zone: str) -> WholeTable:
    """Entries as a table that fits 80 columns: the person is below what happened. Times are those of one zone."""
    table = WholeTable(show_lines=True)
    table.add_column(f"When ({zone_in_words(zone)})", min_width=len("02 Mar 18:10"))
    table.add_column("Status", no_wrap=True)
    table.add_column("What happened")
    for entry in entries:
        told = Text(entry.title, style="bold")
        for part in (entry.detail, entry.next_step):
            told.append(f"\n{part}" if part else "", style="not bold")
        told.append(f"\n{entry.person}" if entry.person else "", style="not bold dim")
        table.add_row(
            f"{entry.at.astimezone(ZoneInfo(zone)):%d %b %H:%M}", Text(entry.status, COLOURS[entry.status]), told
        )
    return table


def _standing(seen: Overview) -> PracticeStanding:
    by_entity = {sync.entity: sync for sync in seen.syncs}
    return PracticeStanding(
        practice=seen.slug,
        name=seen.practice,
        time_zone=seen.time_zone,
        state=seen.state,
        since=seen.since,
        account=seen.tenant_name,
        connected_by=seen.connected_by,
        message=seen.message,
        syncs=tuple(by_entity[entity] for entity in Entity if entity in by_entity),
        edits=seen.edits,
    )


def _show_standings(found: Sequence[PracticeStanding]) -> None:
    if not found:
        say(NONE_YET)
    for standing in found:
        _show_standing(standing)


def _show_standing(standing: PracticeStanding) -> None:
    console = terminal()
    console.print(Text(standing.name, style="bold"))
    console.print(Text(standing.message.text, COLOURS[standing.message.status]), soft_wrap=True)
    zone = ZoneInfo(standing.time_zone)
    finished_in = f"Finished ({zone_in_words(standing.time_zone)})"
    table = WholeTable("", "Last sync", finished_in, "In XPM", "In FYI", "Not read")
    for sync in standing.syncs:
        finished = f"{sync.finished_at.astimezone(zone):%d %b %H:%M}" if sync.finished_at else "still running"
        counts = (_in_xpm(sync), "" if sync.stored is None else str(sync.stored), str(sync.quarantined))
        table.add_row(Entity(sync.entity).label, sync.result.replace("_", " "), finished, *counts)
    if standing.syncs:
        console.print(table)
    if standing.edits:
        said = standing.edits.message(standing.time_zone)
        console.print(Text(said.text, COLOURS[said.status]), soft_wrap=True)
        say_next(said.key, standing.practice)


def _in_xpm(sync: LastSync) -> str:
    """How many records XPM has, with what is left out and, if another sync counted them, since when."""
    if sync.source is None:
        return ""
    left_out = f" + {sync.left_out} archived or deleted, left out" if sync.left_out else ""
    since = f" ({sync.counted_at:%d %b %H:%M})" if sync.counted_at and sync.counted_at != sync.finished_at else ""
    return f"{sync.source}{left_out}{since}"
