"""A sync in which nothing changed, by the library alone or as the runbook under Prefect.

    python -m bench.quiet library|prefect changes|full

It reads its settings and Prefect's from the environment, and counts the rows of records and history it writes.
"""

import argparse
import re
from collections import Counter
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPICursor

from bench.measured import Counts, MeasurementFailed, say
from bench.ours import SLUG
from flows.sync import sync
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.pull.pull import run_pull
from xpm.pull.work import PullRequest
from xpm.store.records.kinds import ALL
from xpm.store.vocabulary import RunStatus, SyncMode, SyncTrigger

ENTITIES = [Entity.JOBS, Entity.CLIENTS, Entity.STAFF, Entity.CUSTOM_FIELDS]
RECORDS = {"record_change", *(part.table.name for table in ALL.values() for part in table.parts)} | {
    part.before.name for table in ALL.values() for part in table.parts
}
WRITES = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')


def main() -> None:
    """Sync once and print what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("through", choices=WAYS)
    parser.add_argument("mode", type=SyncMode)
    asked = parser.parse_args()
    written: Counter[str] = Counter()
    _count_rows(written)
    say(lambda: _counted(written, WAYS[asked.through], asked.mode))


def through_the_library(mode: SyncMode) -> None:
    """Sync one entity after another by `run_pull`."""
    with Integration.opened() as integration:
        for entity in ENTITIES:
            result = run_pull(integration, PullRequest(SLUG, entity, mode, SyncTrigger.OVERNIGHT))
            if result.status is not RunStatus.SUCCESS:
                raise MeasurementFailed(result.message.title)


def through_prefect(mode: SyncMode) -> None:
    """Sync by the flow, with its tasks, artifacts and log, on the server at PREFECT_API_URL."""
    state = sync(SLUG, ENTITIES, mode, SyncTrigger.OVERNIGHT, return_state=True)
    if not state.is_completed():
        raise MeasurementFailed(state.message)


WAYS: Mapping[str, Callable[[SyncMode], None]] = {"library": through_the_library, "prefect": through_prefect}


def _counted(written: Counter[str], way: Callable[[SyncMode], None], mode: SyncMode) -> Counts:
    way(mode)
    return {"rows": sum(count for table, count in written.items() if table in RECORDS)}


def _count_rows(written: Counter[str]) -> None:
    """Count, by table, the rows that this process writes from now on."""

    @event.listens_for(Engine, "after_cursor_execute")
    def count(_at: Connection, cursor: DBAPICursor, statement: str, *_: object) -> None:
        if found := WRITES.match(statement):
            written[found[1]] += max(0, cursor.rowcount)


if __name__ == "__main__":
    main()
