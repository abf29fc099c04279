"""Predicts how much a sync will ask of Xero. Each entity derives it from its plan and from what is stored."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from statistics import median

from sqlmodel import Session

from xpm.entities.entity import Plan
from xpm.entities.gates import not_left_out
from xpm.entities.names import Entity
from xpm.entities.prediction import PlannedPull
from xpm.entities.registry import DEFINITIONS
from xpm.integration import Integration
from xpm.quota.progress import UNKNOWN, Prediction
from xpm.store.consent import connections, consents
from xpm.store.pull import runs
from xpm.store.records.rows import Scope
from xpm.store.tables import Practice, SyncRun
from xpm.store.vocabulary import SyncMode, SyncTrigger

LATELY = 3  # past runs that show how large one answer is; more would reach back to when the practice was smaller


def predict(
    integration: Integration,
    practice: Practice,
    tenant_id: str,
    entity: Entity,
    mode: SyncMode,
    *,
    chosen: int = 0,
    values_since: datetime | None = None,
) -> Prediction:
    """Predict one pull as it would run now. `chosen` is the number of chosen records, 0 for all.

    `values_since`: for a dry run, as `xpm.undo.dry_run.dry_run_pull` says.
    """
    definition = DEFINITIONS[entity]
    with integration.database.read() as session:
        scope = Scope(practice.slug, tenant_id)
        since = runs.changed_since(session, scope, entity, mode, integration.clock())
        everything = since is None or not definition.plan.has_changes
        planned = PlannedPull(
            session=session,
            practice=practice,
            scope=scope,
            mode=mode,
            everything=everything,
            today=integration.today(practice),
            calls_per_day=integration.settings.xero_calls_per_day,
            chosen=chosen,
            granted=consents.granted_to(session, practice.slug) or (),
            is_exported=integration.tax_export(practice.slug) is not None,
            before=_before(session, scope, entity, mode, complete=everything),
            values_since=values_since,
        )
        is_of_chosen = chosen and not definition.counts_answers
        calls = chosen if is_of_chosen else definition.calls(planned)
    records = calls if definition.counts_answers else planned.last_read
    records = chosen if is_of_chosen else records
    return Prediction(calls, _bytes(calls, planned.before), records)


def predict_all(
    integration: Integration,
    slug: str,
    entities: Collection[Entity],
    mode: SyncMode,
    *,
    chosen: int = 0,
    values_since: datetime | None = None,
) -> Mapping[Entity, Prediction]:
    """Predict the pulls that a person's request would start now; empty if the practice was never connected.

    Entities that the settings leave out are not included. A pull of custom field values is unknown if the same request
    brings the records they belong to for the first time.

    Raises:
        Stopped: there is no such practice.
    """
    practice = integration.practice(slug)
    tax_source = integration.has_tax_source(slug)
    with integration.database.read() as session:
        tenant_id = connections.get(session, slug).tenant_id
        wanted = not_left_out(session, practice, entities, SyncTrigger.MANUAL, tax_source=tax_source)
        new = [
            DEFINITIONS[entity]
            for entity in wanted
            if runs.last_successful(session, slug, tenant_id or "", entity) is None
        ]
    if tenant_id is None:
        return {}
    return {
        entity: UNKNOWN
        if mode is not SyncMode.LISTS and any(owner in new for owner in DEFINITIONS[entity].values_of)
        else predict(integration, practice, tenant_id, entity, mode, chosen=chosen, values_since=values_since)
        for entity in wanted
    }


def _before(session: Session, scope: Scope, entity: Entity, mode: SyncMode, *, complete: bool) -> Sequence[SyncRun]:
    """Return the last successful runs that read as much of XPM as this one will.

    Every pull of values is complete, but one of changes may read only the definitions, whose answers are smaller; so
    its past runs must have the same mode.
    """
    same_mode = mode if DEFINITIONS[entity].plan is Plan.ONE_BY_ONE else None
    return runs.lately_successful(
        session, scope.practice, scope.tenant_id, entity, complete=complete, mode=same_mode, limit=LATELY
    )


def _bytes(calls: int | None, before: Sequence[SyncRun]) -> int | None:
    """Predict the bytes from the median size of a call in the last runs."""
    weights = [run.bytes / run.calls for run in before if run.calls]
    if calls == 0:
        return 0
    return round(median(weights) * calls) if calls and weights else None
