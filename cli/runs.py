"""`fyi-xpm runs`: recent syncs and reverts, with the ids that `fyi-xpm revert` takes."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from cli.answers import answer
from cli.installation import installation
from cli.terminal import say
from xpm.activity.authors import asked_for
from xpm.entities.names import Entity
from xpm.store.pull import runs as all_runs
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import RunStatus, SyncMode, SyncTrigger
from xpm.words.moments import zone_in_words

SIGNS = {
    "added": "+",
    "changed": "~",
    "archived": "-",
    "restored": "^",
    "removed": "x",
    "quarantined": "?",
}
LEGEND = "+ added  ~ changed  - archived  ^ current again  x removed  ? not read  = nothing changed"


class RunPart(BaseModel):
    """What a run did to one entity. A run that was retried has several parts for an entity."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    entity: Entity
    mode: SyncMode
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None
    source_count: int | None
    stored_count: int | None
    added: int
    changed: int
    unchanged: int
    archived: int
    restored: int
    removed: int
    quarantined: int
    partly_read: int
    calls: int
    bytes: int


class ListedRun(BaseModel):
    """One run; `id` is what `fyi-xpm revert --run` takes."""

    model_config = ConfigDict(frozen=True)

    id: str
    started_at: datetime
    trigger: SyncTrigger
    person: str | None
    asked_for: str
    parts: tuple[RunPart, ...]


def runs(practice: str, limit: int, *, as_json: bool) -> None:
    """Show recent runs, newest first."""
    with installation() as opened:
        zone = opened.practice(practice).time_zone
        with opened.database.read() as session:
            found = [_run(together) for together in all_runs.recent(session, practice, limit)]
    answer(found, lambda shown: _show(shown, zone), as_json=as_json)


def _run(together: Sequence[SyncRun]) -> ListedRun:
    first = together[0]
    return ListedRun(
        id=first.flow_run_id or first.id,
        started_at=first.started_at,
        trigger=first.trigger,
        person=first.person,
        asked_for=asked_for(first),
        parts=tuple(RunPart.model_validate(run) for run in together),
    )


def _show(found: Sequence[ListedRun], zone: str) -> None:
    """Print each run on one line, however long, so that ids can be copied and lines searched."""
    if not found:
        say("Nothing has been synchronised yet.")
        return
    rows = [(_begun(run, zone), run.id, run.asked_for, _did(run.parts)) for run in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    say(LEGEND)


def _begun(run: ListedRun, zone: str) -> str:
    return f"{run.started_at.astimezone(ZoneInfo(zone)):%d %b %H:%M} {zone_in_words(zone)}"


def _did(parts: Sequence[RunPart]) -> str:
    by_entity = {entity: [part for part in parts if part.entity == entity] for entity in Entity}
    return ", ".join(f"{entity.label.lower()} {_counted(of)}" for entity, of in by_entity.items() if of)


def _counted(of: Sequence[RunPart]) -> str:
    totals = {sign: sum(getattr(part, name) for part in of) for name, sign in SIGNS.items()}
    counts = " ".join(f"{sign}{count}" for sign, count in totals.items() if count)
    last = of[-1].status
    if last is RunStatus.SUCCESS:
        return counts or "="
    ending = str(last).replace("_", " ")
    return f"{counts} ({ending})" if counts else f"({ending})"
