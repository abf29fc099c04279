"""`fyi-xpm revert`: shows what taking syncs back would do, asks, and starts the runbook."""

import sys
from datetime import datetime

import typer
from pydantic import BaseModel, ConfigDict

from cli.answers import answer
from cli.integration import integration
from cli.recording import cancelled
from cli.running import Ended, show_end, start_and_follow
from cli.terminal import WholeTable, say, terminal
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.revert import RevertPreview, RevertRequest, by_its_clock, preview
from xpm.words import message, stop

ONLY_SHOWN = "only_shown"


class Reverted(BaseModel):
    """What a revert would do, and how its run ended; `run` is None if nothing was taken back."""

    model_config = ConfigDict(frozen=True)

    preview: RevertPreview
    run: Ended | None


def revert(
    practice: str,
    run: str,
    since: datetime | None,
    changed_since: WhenChangedSince,
    person: str | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Show the effect, ask, and take the runs back. With JSON nobody is asked: `yes` decides."""
    with integration() as opened:
        moment = by_its_clock(opened.practice(practice), since) if since else None
        seen = preview(opened, RevertRequest(practice=practice, run=run, since=moment, person=person))
    if not (as_json and yes):  # with both, the preview is printed together with the end of the run
        answer(Reverted(preview=seen, run=None), lambda found: _show(found.preview), as_json=as_json)
    if as_json and not yes:
        cancelled(ONLY_SHOWN)
        return
    seen.refuse_unasked(changed_since)
    if not yes and not _confirmed(seen):
        kept = message("revert.kept", practice=seen.practice_name)
        cancelled(kept.key)
        say(kept.text)
        return
    parameters: dict[str, object] = {
        "practice": practice,
        "run": run,
        "since": moment.isoformat() if moment else None,
        "person": person or "",
        "confirmed": seen.fingerprint(changed_since),
    }
    ended = start_and_follow("revert/revert-sync", practice, parameters, silent=as_json)
    answer(Reverted(preview=seen, run=ended), lambda _: show_end(ended), as_json=as_json)
    sys.exit(ended.code)


def _show(seen: RevertPreview) -> None:
    console = terminal()
    console.print(f"{seen.message.title}. {seen.message.cause}", soft_wrap=True)
    effects = WholeTable("", "Removed", "Put back", "Current again", "Archived again")
    for one in seen.effects:
        counts = (one.removed, one.put_back, one.current_again, one.archived_again)
        effects.add_row(one.what, *(f"{count:,}" for count in counts))
    if seen.effects:
        console.print(effects)
    if not seen.named:
        return
    others = WholeTable("Changed since", "Record", "By", "When (UTC)")
    for record in seen.named:
        others.add_row(record.what, record.record, record.by, f"{record.at:%d %b %H:%M}")
    console.print(others)
    if more := seen.changed_since - len(seen.named):
        console.print(f"and {more:,} more")


def _confirmed(seen: RevertPreview) -> bool:
    """Ask for confirmation.

    Raises:
        Stopped: nobody is there to answer, or Ctrl-C.
    """
    try:
        return typer.confirm(message("revert.asked").title)
    except typer.Abort:
        raise stop("revert.unanswered", practice=seen.practice_name) from None
