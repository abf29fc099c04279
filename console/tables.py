"""The table of the last syncs (In XPM, In FYI, what changed), and the table of a revert."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from xpm.activity.overview import LastSync
from xpm.entities.names import EVERYTHING, Entity
from xpm.store.tables import SyncRun


@dataclass(frozen=True)
class Row:
    """The line of one entity."""

    label: str
    result: str
    source: str
    stored: str
    added: int
    changed: int
    archived: int
    unchanged: int
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


def rows_of(syncs: Mapping[str, SyncRun] | Mapping[str, LastSync]) -> list[Row]:
    """Make the lines in the article's order; an entity that never ran has none."""
    return [_row(entity, syncs[entity]) for entity in EVERYTHING if entity in syncs]


def _row(entity: Entity, sync: SyncRun | LastSync) -> Row:
    source, stored = _counts(sync)
    return Row(
        label=entity.label,
        result=sync.status if isinstance(sync, SyncRun) else sync.result,
        source=_shown(source),
        stored=_shown(stored),
        added=sync.added,
        changed=sync.changed,
        archived=sync.archived,
        unchanged=sync.unchanged,
        not_read=sync.quarantined,
        calls=f"{sync.calls:,} ({_shown(sync.predicted_calls, 'unknown')})",
        finished_at=sync.finished_at,
        run=None if isinstance(sync, SyncRun) else sync.flow_run_id,
    )


def _counts(sync: SyncRun | LastSync) -> tuple[int | None, int | None]:
    if isinstance(sync, SyncRun):
        return sync.source_count, sync.stored_count
    return sync.source, sync.stored


def _shown(count: int | None, otherwise: str = "not counted") -> str:
    """Write a count. A run that did not read everything has no count, which is not the same as 0."""
    return otherwise if count is None else f"{count:,}"
