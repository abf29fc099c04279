"""How much a sync will ask of Xero, said before it begins: fixed by its plan where it can be, else from the store."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from sqlmodel import Session

from xpm.consent.preflight import practice_named
from xpm.entities.gates import not_left_out
from xpm.entities.registry import Entity
from xpm.integration import Integration
from xpm.pull import field_values, plans
from xpm.pull.tax import is_exported
from xpm.quota.progress import UNKNOWN, Prediction
from xpm.store.consent import connections
from xpm.store.pull import comparisons, job_checks, job_currency, runs
from xpm.store.records import bulk
from xpm.store.records.kinds import JOBS
from xpm.store.records.rows import Scope
from xpm.store.tables import Practice, SyncRun
from xpm.store.vocabulary import ArchiveReason, SyncMode, SyncTrigger
from xpm.xero.tax.feed import PAGE_SIZE

LATELY = 3  # runs of the same kind that say how much one answer weighs; more would remember a smaller practice
OWNERS = frozenset({Entity.CLIENTS, Entity.JOBS})  # whose records have values of custom fields


def predict(
    integration: Integration, practice: Practice, tenant_id: str, entity: Entity, mode: SyncMode, *, chosen: int = 0
) -> Prediction:
    """Predict one sync as it would run now, or one of so many chosen records.

    Jobs that leave XPM's list of current ones cannot be foreseen.
    """
    with integration.database.read() as session:
        asked = _Asked(integration, session, practice, Scope(practice.slug, tenant_id), entity, mode, chosen)
        before = asked.before()
        calls = asked.calls(before)
    records = calls if entity is Entity.CUSTOM_FIELDS else _records(before)
    return Prediction(calls, _bytes(calls, before), records)


def predict_all(
    integration: Integration, slug: str, entities: Collection[Entity], mode: SyncMode, *, chosen: int = 0
) -> Mapping[Entity, Prediction]:
    """Predict what a person's request would start now; nothing where the practice was never connected.

    What the settings leave out is not in it. Whose values there will be to compare is unknown where the request brings
    the clients or jobs for the first time. Raises Stopped when there is no such practice.
    """
    practice = practice_named(integration, slug)
    with integration.database.read() as session:
        tenant_id = connections.get(session, slug).tenant_id
        wanted = not_left_out(integration, session, practice, entities, SyncTrigger.MANUAL)
        owners = OWNERS.intersection(wanted)
        are_new = any(runs.last_successful(session, slug, tenant_id or "", one) is None for one in owners)
    if tenant_id is None:
        return {}
    return {
        entity: UNKNOWN
        if are_new and entity is Entity.CUSTOM_FIELDS
        else predict(integration, practice, tenant_id, entity, mode, chosen=chosen)
        for entity in wanted
    }


@dataclass(frozen=True)
class _Asked:
    """A sync that somebody could ask for now."""

    integration: Integration
    session: Session
    practice: Practice
    scope: Scope
    entity: Entity
    mode: SyncMode
    chosen: int

    def before(self) -> list[SyncRun]:
        """The last runs that saw as much of XPM's side as this one will.

        Those of custom fields all did, yet what a call brings differs: a full one is of values but for one call, while
        one of changes may be of the definitions alone.
        """
        scope, everything = self.scope, self._reads_everything()
        mode = self.mode if self.entity is Entity.CUSTOM_FIELDS else None
        return runs.lately_successful(
            self.session, scope.practice, scope.tenant_id, self.entity, complete=everything, mode=mode, limit=LATELY
        )

    def calls(self, before: Sequence[SyncRun]) -> int | None:
        """What the plan of the entity will ask for."""
        match self.entity:
            case Entity.CLIENTS:
                return 2  # groups and clients
            case Entity.STAFF:
                return 1
            case Entity.CUSTOM_FIELDS:
                return 1 + self._values()
            case Entity.TAX_RETURNS:
                return 0 if is_exported(self.integration, self.practice.slug) else _pages(before)
            case Entity.JOBS if self._reads_everything():
                return self._job_lists() + self._old_jobs()
            case Entity.JOBS:
                return 2  # categories and current jobs

    def _reads_everything(self) -> bool:
        """Always, but for clients and jobs where there is something to start from."""
        if self.entity not in (Entity.CLIENTS, Entity.JOBS):
            return True
        return plans.changed_since(self.session, self.scope, self.entity, self.mode) is None

    def _job_lists(self) -> int:
        """Categories, current jobs, and each window of creation."""
        return 2 + len([*plans.windows(self.practice.history_start, self.integration.today(self.practice))])

    def _old_jobs(self) -> int:
        """Jobs that no list has are asked for one by one, as far as one run may."""
        listed = job_checks.listed(self.session, self.scope, self.practice.history_start)
        listed |= job_currency.current(self.session, self.scope)
        old = set(bulk.active_keys(self.session, JOBS, self.scope))
        old |= bulk.keys_archived(self.session, JOBS, self.scope, {ArchiveReason.OTHER_PRACTICE})
        return min(len(old - listed), plans.allowance(self.integration.settings.xero_calls_per_day))

    def _values(self) -> int:
        """Clients and jobs whose values are due, or the chosen ones, as far as one run may ask."""
        due = self.chosen or sum(
            comparisons.count_due(self.session, table, self.scope, kind, changes_only=self.mode is SyncMode.CHANGES)
            for kind, (table, _) in field_values.TABLES.items()
        )
        return min(due, field_values.allowance(self.integration.settings.xero_calls_per_day))


def _pages(before: Sequence[SyncRun]) -> int | None:
    """Pages of the partner feed, by what it had last."""
    count = _records(before)
    return None if count is None else max(1, ceil(count / PAGE_SIZE))


def _records(before: Sequence[SyncRun]) -> int | None:
    """What the last run of the same kind read."""
    if not before:
        return None
    last = before[0]
    return (
        last.source_count
        if last.source_count is not None
        else last.added + last.changed + last.unchanged + last.restored
    )


def _bytes(calls: int | None, before: Sequence[SyncRun]) -> int | None:
    """As much for each call as the last runs needed."""
    weights = [run.bytes / run.calls for run in before if run.calls]
    if calls == 0:
        return 0
    return round(median(weights) * calls) if calls and weights else None
