"""The sync steps: one for each button of FYI's "XPM Integration" window."""

from collections.abc import Sequence

from prefect import task
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed
from prefect.transactions import get_transaction

from tasks.announcing import announcing_a_break
from tasks.other_runs import OTHERS
from tasks.progress import publishing
from tasks.retrying import WAITS, once_per_run, telling_of_the_next_try, worth_retrying
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.pull.outcome import PullResult
from xpm.pull.plans.chosen import entities_of
from xpm.pull.pull import run_pull
from xpm.pull.work import PullRequest
from xpm.store.vocabulary import RunStatus, SyncMode, SyncTrigger
from xpm.words import step_title


@task(
    retries=len(WAITS),
    retry_delay_seconds=WAITS,
    retry_jitter_factor=0.3,
    retry_condition_fn=worth_retrying,
    persist_result=True,
    result_serializer="json",
    cache_key_fn=once_per_run,
)
def sync_entity(
    practice: str,
    entity: Entity,
    mode: SyncMode = SyncMode.FULL,
    trigger: SyncTrigger = SyncTrigger.MANUAL,
    person: str = "",
    *,
    records: Sequence[str] = (),
    confirm_missing: int = 0,
) -> PullResult | State[PullResult]:
    """Pull one entity.

    `records`: read only these clients and jobs, or their values. `confirm_missing`: how many of the suddenly
    missing records were really removed in XPM.

    Raises:
        Stopped: a rule stopped the sync, or it ended with something an administrator has to look at.
        XeroError: Xero did not answer as it should, even after the client's own retries.
    """
    request = PullRequest(
        practice=practice,
        entity=entity,
        mode=mode,
        trigger=trigger,
        person=person or None,
        flow_run_id=str(flow_run.id),
        records=tuple(records),
        confirm_missing=confirm_missing,
    )
    with (
        Integration.opened() as integration,
        announcing_a_break(practice),
        telling_of_the_next_try(practice, entity.label),
        publishing(integration, practice, entity) as progress,
    ):
        result = run_pull(integration, request, progress, OTHERS)
        progress.end(result)
    if result.status is RunStatus.SKIPPED:
        repeat_when_retried()
        return Completed(name="Skipped", message=result.message.text, data=result)
    result.raise_for_attention()
    return result


def entities_of_chosen(practice: str, records: Sequence[str]) -> list[Entity]:
    """What to sync for the records that a person chose."""
    with Integration.opened() as integration:
        return entities_of(integration, practice, records)


def repeat_when_retried() -> None:
    """Do not keep a skipped step's result, so that a retry repeats the step after the setting was changed."""
    if transaction := get_transaction():
        transaction.write_on_commit = False


SYNCS = {entity: sync_entity.with_options(name=step_title("sync", entity=entity.label.lower())) for entity in Entity}
"""One step per entity, with the name the UI shows."""
