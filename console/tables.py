"""The table of the last syncs (In XPM, In FYI, what changed), and the table of a revert."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from xpm.activity.overview import LastSync
from xpm.entities.names import EVERYTHING, Entity
from xpm.entities.registry import DEFINITIONS
from xpm.store.pull.runs import OF_A_PART
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import SyncMode

NOT_LOOKED_AT = "\N{EN DASH}"
"""In place of a count of what a sync of changes does not ask for."""
WAITING = "waiting"
"""The result of a sync that failed and is tried again soon."""


@dataclass(frozen=True)
class Row:
    """The line of one entity."""

    label: str
    note: str
    """What the counts are of."""
    result: str
    source: str
    stored: str
    left_out: int
    counted_at: datetime | None
    """When both sides were counted, if that was not in this sync."""
    added: int
    changed: int
    archived: int
    unchanged: str
    not_read: int
    calls: str
    finished_at: datetime | None
    run: str | None  # the run to look at, except on its own page


@dataclass(frozen=True)
class TakenBack:
    """What a revert did to one entity."""

    label: str
    removed: int
    put_back: int
    current_again: int
    archived_again: int


def taken_back(syncs: Mapping[str, SyncRun]) -> list[TakenBack]:
    """Make the lines of a revert, in the article's order."""
    runs = ((entity, syncs[entity]) for entity in EVERYTHING if entity in syncs)
    return [
        TakenBack(entity.label, run.removed, run.added + run.changed, run.restored, run.archived)
        for entity, run in runs
    ]


def rows_of(syncs: Mapping[str, SyncRun] | Mapping[str, LastSync], *, waits: bool = False) -> list[Row]:
    """Make the lines in the article's order; an entity that never ran has none.

    `waits`: the latest of these syncs failed and is tried again.
    """
    last = max(syncs.values(), key=lambda sync: sync.started_at, default=None) if waits else None
    rows = [(sync, _row(entity, sync)) for entity in EVERYTHING if (sync := syncs.get(entity))]
    return [replace(row, result=WAITING) if sync is last else row for sync, row in rows]


def _row(entity: Entity, sync: SyncRun | LastSync) -> Row:
    source, stored, counted_at = _counts(sync)
    is_partial = counted_at != sync.finished_at or source is None
    return Row(
        label=entity.label,
        note=_note(entity, sync),
        result=sync.status if isinstance(sync, SyncRun) else sync.result,
        source=_shown(source),
        stored=_shown(stored),
        left_out=sync.left_out or 0,
        counted_at=counted_at if counted_at != sync.finished_at else None,
        added=sync.added,
        changed=sync.changed,
        archived=sync.archived,
        unchanged=NOT_LOOKED_AT if is_partial and sync.mode is SyncMode.CHANGES else _shown(sync.unchanged),
        not_read=sync.quarantined,
        calls=f"{sync.calls:,} ({_shown(sync.predicted_calls, 'unknown')})",
        finished_at=sync.finished_at,
        run=None if isinstance(sync, SyncRun) else sync.flow_run_id,
    )


def _counts(sync: SyncRun | LastSync) -> tuple[int | None, int | None, datetime | None]:
    """How many records XPM and FYI have, and when they were counted."""
    if isinstance(sync, SyncRun):
        return sync.source_count, sync.stored_count, sync.finished_at
    return sync.source, sync.stored, sync.counted_at or sync.finished_at


def _note(entity: Entity, sync: SyncRun | LastSync) -> str:
    """Say what the counts of a sync are of, unless they are of all records."""
    if not DEFINITIONS[entity].counts_answers:
        if sync.reason_key in OF_A_PART:
            return "chosen records only"
        return "changes only" if sync.mode is SyncMode.CHANGES else ""
    values = "" if sync.compared is None else f"; values of {sync.compared:,} clients and jobs compared"
    return f"definitions{values}"


def _shown(count: int | None, otherwise: str = "not counted") -> str:
    """Write a count. A run that did not read everything has no count, which is not the same as 0."""
    return otherwise if count is None else f"{count:,}"
