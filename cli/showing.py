"""`fyi-xpm status` and `fyi-xpm activity`: how practices stand, and what happened."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.installation import installation
from cli.practices import one_or_all
from cli.terminal import say, terminal
from xpm.activity.overview import Overview, overview
from xpm.entities.registry import Entity
from xpm.store import activity as log
from xpm.store.tables import PracticeActivity
from xpm.store.vocabulary import ActivityStatus

COLOURS = {
    ActivityStatus.SUCCESS: "green",
    ActivityStatus.FAILURE: "red",
    ActivityStatus.ACTION_REQUIRED: "yellow",
    ActivityStatus.ALERT: "magenta",
    ActivityStatus.IN_PROGRESS: "cyan",
}


def status(practice: str) -> None:
    """Show how practices stand with Xero Practice Manager, and their last syncs."""
    with installation() as integration:
        for slug in one_or_all(integration, practice):
            _show(terminal(), overview(integration, slug))


def activity(practice: str, limit: int, search: str, status: ActivityStatus | None) -> None:
    """Show Practice Activity, newest first."""
    with installation() as integration:
        integration.practice(practice)
        with integration.database.read() as session:
            entries = log.recent(session, practice, limit, status=status, search=search or None)
    if entries:
        terminal().print(activity_table(entries))
    else:
        say("Practice Activity has no such entry." if search or status else "Practice Activity is empty.")


def activity_table(entries: list[PracticeActivity]) -> Table:
    """Entries as a table that can be read in 80 columns: the person stands under what happened."""
    table = Table(show_lines=True)
    table.add_column("When (UTC)", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    table.add_column("What happened")
    for entry in entries:
        told = Text(entry.title, style="bold")
        for part in (entry.detail, entry.next_step):
            told.append(f"\n{part}" if part else "", style="not bold")
        told.append(f"\n{entry.person}" if entry.person else "", style="not bold dim")
        table.add_row(f"{entry.at:%d %b %H:%M}", Text(entry.status, COLOURS[entry.status]), told)
    return table


def _show(console: Console, seen: Overview) -> None:
    console.print(Text(seen.practice, style="bold"))
    console.print(Text(seen.said.text, COLOURS[seen.said.status]), soft_wrap=True)
    if not seen.syncs:
        return
    table = Table("", "Last sync", "Finished (UTC)", "In XPM", "In FYI", "Not read")
    by_entity = {sync.entity: sync for sync in seen.syncs}
    for entity in Entity:
        if sync := by_entity.get(entity):
            finished = f"{sync.finished_at:%d %b %H:%M}" if sync.finished_at else "still running"
            counts = ("" if count is None else str(count) for count in (sync.source, sync.stored, sync.quarantined))
            table.add_row(entity.label, sync.result.replace("_", " "), finished, *counts)
    console.print(table)
