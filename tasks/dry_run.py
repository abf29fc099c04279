"""The steps of a dry run: one preview for each button of FYI's "XPM Integration" window, and the list of changes."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from prefect import get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowRunFilter, FlowRunFilterStartTime
from prefect.client.schemas.objects import State
from prefect.client.schemas.sorting import ArtifactSort
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run
from prefect.states import Completed

from tasks.announcing import announcing_a_break
from tasks.retrying import WAITS, worth_retrying
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.pull.summary import Outcome
from xpm.pull.work import PullRequest
from xpm.store.vocabulary import RunStatus, SyncMode, SyncTrigger
from xpm.undo.changes import DryRunResult
from xpm.undo.changes_csv import changes_file, lines, write_changes
from xpm.undo.dry_run import RECENTLY, dry_run_pull, sum_up_dry_run
from xpm.words import Message, message, step_title

HEADS = ("What", "Record", "Name", "Would be", "Field", "In FYI now", "In XPM")
SHOWN = 300  # lines in the artifact: what one page shows
KEY = "xpm-dry-run-"  # start of the artifact's key; the practice follows
FORGOTTEN_AT_ONCE = 100


@task(
    retries=len(WAITS),
    retry_delay_seconds=WAITS,
    retry_jitter_factor=0.3,
    retry_condition_fn=worth_retrying,
    persist_result=False,  # it holds people's data, and a retried run must look again
    cache_policy=NO_CACHE,
)
def preview_entity(
    practice: str,
    entity: Entity,
    mode: SyncMode,
    trigger: SyncTrigger,
    earlier: Sequence[DryRunResult],
    *,
    records: Sequence[str] = (),
    confirm_missing: int = 0,
) -> DryRunResult | State[DryRunResult]:
    """Show what a sync of one entity would change. `earlier`: this run's previews of other entities.

    Custom field values that a sync compared within `RECENTLY` are not asked for again; `fyi-xpm sync --dry-run
    --all-values` asks for all.

    Raises:
        Stopped: the connection cannot be used.
        XeroError: Xero did not answer as it should, even after the client's own retries.
    """
    request = PullRequest(
        practice,
        entity,
        mode,
        trigger,
        flow_run_id=str(flow_run.id),
        records=tuple(records),
        confirm_missing=confirm_missing,
    )
    with Integration.opened() as integration, announcing_a_break(practice):
        since = integration.clock() - RECENTLY
        preview = dry_run_pull(integration, request, earlier, values_since=since)
    get_run_logger().info(preview.message.text)
    name = "Skipped" if preview.status is RunStatus.SKIPPED else "Dry run"
    return Completed(name=name, message=preview.message.text, data=preview)


@task(name=step_title("list_changes"), persist_result=False, cache_policy=NO_CACHE)
def publish_changes(practice: str, outcomes: Mapping[Entity, Outcome], flow_run_id: str) -> Message:
    """Show the changes as `xpm-dry-run-<practice>`, and write all of them to a file in the folder XPM_DRY_RUNS.

    Raises:
        Stopped: the file cannot be written.
    """
    with Integration.opened() as integration:
        said = sum_up_dry_run(integration.practice(practice).name, outcomes)
        file = integration.settings.xpm_dry_runs.resolve() / f"{flow_run_id}.csv"
    previews = [outcome for outcome in outcomes.values() if isinstance(outcome, DryRunResult)]
    with changes_file(file) as opened:
        write_changes(opened, previews)
    found = [*lines(previews)]
    listed = message("dry_run.listed", shown=len(found[:SHOWN]), count=len(found), file=file)
    create_table_artifact(
        key=f"{KEY}{practice}",
        description=f"{said.text} {listed.text}",
        table=[dict(zip(HEADS, line, strict=True)) for line in found[:SHOWN]],
    )
    return said


def forget_shown(before: datetime) -> int:
    """Delete the artifacts of dry runs before this time, since they hold people's data; return how many.

    At most `FORGOTTEN_AT_ONCE` are deleted per call, the newest first.
    """
    wanted = ArtifactFilter(key=ArtifactFilterKey(like_=KEY))
    begun = FlowRunFilter(start_time=FlowRunFilterStartTime(before_=before))  # artifacts cannot be filtered by age
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(
            artifact_filter=wanted,
            flow_run_filter=begun,
            sort=ArtifactSort.CREATED_DESC,
            limit=FORGOTTEN_AT_ONCE,
            offset=0,
        )
        old = [one for one in found if one.created and one.created < before and (one.key or "").startswith(KEY)]
        for one in old:
            with suppress(ObjectNotFound):  # another watch deleted it first
                client.delete_artifact(one.id)
    return len(old)


PREVIEWS = {
    entity: preview_entity.with_options(name=step_title("dry_run", entity=entity.label.lower())) for entity in Entity
}
"""One step per entity, with the name the UI shows."""
