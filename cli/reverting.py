"""`fyi-xpm revert`: show what taking syncs back would do, ask, and let the runbook do it."""

from datetime import datetime

import typer
from rich.console import Console
from rich.table import Table

from cli.installation import installation
from cli.running import start_and_follow
from cli.terminal import say, terminal
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.revert import RevertPreview, RevertRequest, by_its_clock, preview
from xpm.words import message, stop


def revert(
    practice: str,
    run: str,
    since: datetime | None,
    changed_since: WhenChangedSince,
    person: str | None,
    *,
    yes: bool,
) -> None:
    """Take back what syncs did: records are as they were before.

    Shows what would become of them first, and asks. A revert is a run that can be taken back as well.
    """
    with installation() as integration:
        moment = by_its_clock(integration.practice(practice), since) if since else None
        seen = preview(integration, RevertRequest(practice=practice, run=run, since=moment, person=person))
    _show(terminal(), seen)
    seen.refuse_unasked(changed_since)
    if not yes and not _confirmed(seen):
        say(message("revert.kept", practice=seen.practice_name).text)
        return
    parameters: dict[str, object] = {
        "practice": practice,
        "run": run,
        "since": moment.isoformat() if moment else None,
        "person": person or "",
        "confirmed": seen.fingerprint(changed_since),
    }
    start_and_follow("revert/revert-sync", practice, parameters)


def _show(console: Console, seen: RevertPreview) -> None:
    console.print(f"{seen.said.title}. {seen.said.cause}", soft_wrap=True)
    effects = Table("", "Removed", "Put back", "Current again", "Archived again")
    for one in seen.effects:
        counts = (one.removed, one.put_back, one.current_again, one.archived_again)
        effects.add_row(one.what, *(f"{count:,}" for count in counts))
    if seen.effects:
        console.print(effects)
    if not seen.named:
        return
    others = Table("Changed since", "Record", "By", "When (UTC)")
    for record in seen.named:
        others.add_row(record.what, record.record, record.by, f"{record.at:%d %b %H:%M}")
    console.print(others)
    if more := seen.changed_since - len(seen.named):
        console.print(f"and {more:,} more")


def _confirmed(seen: RevertPreview) -> bool:
    """Ask.

    Raises:
        Stopped: nobody is there to answer, or Ctrl-C.
    """
    try:
        return typer.confirm(message("revert.asked").title)
    except typer.Abort:
        raise stop("revert.unanswered", practice=seen.practice_name) from None
