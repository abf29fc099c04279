"""`fyi-xpm runs`: what was synchronised and taken back lately, with the ids that `fyi-xpm revert` takes."""

from collections.abc import Sequence

from cli.installation import installation
from cli.terminal import say
from xpm.activity.authors import asked_for
from xpm.entities.registry import Entity
from xpm.store.pull import runs as all_runs
from xpm.store.tables import SyncRun
from xpm.store.vocabulary import RunStatus

SIGNS = {
    "added": "+",
    "changed": "~",
    "archived": "-",
    "restored": "^",
    "removed": "x",
    "quarantined": "?",
}
LEGEND = "+ added  ~ changed  - archived  ^ current again  x removed  ? not read  = nothing changed"


def runs(practice: str, limit: int) -> None:
    """Show recent runs, newest first, with the id that `fyi-xpm revert --run` takes."""
    with installation() as integration:
        integration.practice(practice)
        with integration.database.read() as session:
            found = all_runs.recent(session, practice, limit)
    if not found:
        say("Nothing has been synchronised yet.")
        return
    rows = [_row(together) for together in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    say(LEGEND)


def _row(together: Sequence[SyncRun]) -> tuple[str, ...]:
    """A run in one line, however long, so that its id can be copied and lines can be searched for."""
    first = together[0]
    when = f"{first.started_at:%d %b %H:%M} UTC"
    return when, first.flow_run_id or first.id, asked_for(first), _did(together)


def _did(together: Sequence[SyncRun]) -> str:
    """What each entity's runs did; a retried run has several of an entity."""
    by_entity = {entity: [run for run in together if run.entity == entity] for entity in Entity}
    return ", ".join(f"{entity.label.lower()} {_counted(of)}" for entity, of in by_entity.items() if of)


def _counted(of: Sequence[SyncRun]) -> str:
    totals = {sign: sum(getattr(run, name) for run in of) for name, sign in SIGNS.items()}
    counts = " ".join(f"{sign}{count}" for sign, count in totals.items() if count)
    last = of[-1].status
    if last is RunStatus.SUCCESS:
        return counts or "="
    ending = str(last).replace("_", " ")
    return f"{counts} ({ending})" if counts else f"({ending})"
