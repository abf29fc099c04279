"""Syncs a practice with Xero Practice Manager, by hand or every night.

The order and the settings are FYI's: jobs, clients, staff, tax returns, custom fields. An entity that is switched off
is skipped with its reason, and one that fails does not stop the others. Writes the artifact `xpm-sync-<practice>`; a
dry run changes nothing and writes `xpm-dry-run-<practice>`.
"""

from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import Field

from flows.dry_run import tried
from flows.ending import cancelled, crashed, ended, failed, state_of, stopped
from tasks.connection import check_connection
from tasks.sync import SYNCS, entities_of_chosen
from tasks.trail import begin
from xpm.entities.names import EVERYTHING, Entity
from xpm.store.vocabulary import SyncMode, SyncTrigger
from xpm.words import Stopped


def run_name() -> str:
    """Return the name that the UI gives a run."""
    given = flow_run.parameters
    kind = "dry run" if given["dry_run"] else "sync"
    return f"{given['practice']} · {given['trigger']} {kind}, {given['mode']}"


@flow(
    name="sync",
    flow_run_name=run_name,
    on_crashed=[crashed],
    on_cancellation=[cancelled],
    on_failure=[failed],
)
def sync(
    practice: str,
    entities: list[Entity] = list(EVERYTHING),  # noqa: B006 - Prefect shows it as the form's default and copies it
    mode: SyncMode = SyncMode.FULL,
    trigger: SyncTrigger = SyncTrigger.MANUAL,
    person: str = "",
    *,
    records: list[str] = [],  # noqa: B006 - as above
    confirm_missing: Annotated[int, Field(ge=0)] = 0,
    dry_run: bool = False,
) -> State[Any]:
    """Sync a practice with Xero Practice Manager.

    Args:
        practice: The practice's short name in FYI, as `fyi-xpm practice list` shows it.
        entities: What to sync.
        mode: Everything (`full`), only what changed since the last sync (`changes`), or everything but the values of
            custom fields, each of which costs one request (`lists`).
        trigger: What started this run; leave it as it is.
        person: FYI email address of the person who asks, for Practice Activity.
        records: Only these clients (by XPM ID) and jobs (by number or XPM ID), with their custom fields, whatever else
            is chosen.
        confirm_missing: If a sync reported records as suddenly missing, and they really were removed in Xero Practice
            Manager, enter how many; that many may then be archived. Choose only the entity that it reported.
        dry_run: Only show what would be added, changed, archived and brought back; nothing is written.
    """
    try:
        begin()
        check_connection(practice)
    except Stopped as reason:
        return state_of(reason.message) if dry_run else stopped(practice, reason, trigger)
    if records:
        entities = entities_of_chosen(practice, records)
    if dry_run:
        return tried(practice, entities, mode, trigger, records=records, confirm_missing=confirm_missing)

    states = {
        entity: SYNCS[entity](
            practice,
            entity,
            mode,
            trigger,
            person,
            records=records,
            confirm_missing=confirm_missing,
            return_state=True,
        )
        for entity in EVERYTHING
        if entity in entities
    }
    return ended(practice, trigger, states, mode, person, records=records, confirm_missing=confirm_missing)
