"""The steps of a push: find who has edits, send them, sum up."""

from collections.abc import Mapping

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.runtime import flow_run

from tasks.announcing import announcing_a_break
from tasks.other_runs import is_over
from tasks.retrying import WAITS, worth_retrying
from tasks.status import publish_status
from xpm.integration import Integration
from xpm.pull.summary import worst
from xpm.push.draining import Drained, drain
from xpm.push.reporting import practices_with_edits, report, report_failure
from xpm.store.vocabulary import ActivityStatus
from xpm.words import Message, Stopped, message, step_title
from xpm.xero.errors import XeroError


def with_edits(practice: str) -> list[str]:
    """The practices whose edits to send: the one that is named, or else each that has any.

    Raises Stopped: there is no such practice.
    """
    with Integration.opened() as integration:
        return [integration.practice(practice).slug] if practice else practices_with_edits(integration)


@task(
    name=step_title("push"),
    task_run_name=step_title("push_of", practice="{practice}"),
    retries=len(WAITS),
    retry_delay_seconds=WAITS,
    retry_jitter_factor=0.3,
    retry_condition_fn=worth_retrying,
)
def push_edits(practice: str) -> Message:
    """Send a practice's edits, and log what became of them.

    Raises:
        Stopped: there is no usable connection, another push goes on, or somebody has to decide.
        XeroError: Xero did not answer as it should; what was not sent waits for the next push.
    """
    with Integration.opened() as integration, announcing_a_break(practice):
        try:
            drained = drain(integration, practice, flow_run_id=str(flow_run.id), is_over=is_over)
        except XeroError as error:
            report_failure(integration, practice, error.message, integration.clock())
            raise
        said = report(integration, practice, drained, flow_run_id=str(flow_run.id))
    publish_push(practice, drained)
    if drained.failed:
        raise drained.failed
    if said.status is ActivityStatus.ACTION_REQUIRED:
        raise Stopped(said, recorded=True)
    return said


def publish_push(practice: str, drained: Drained) -> None:
    """Show what the push came to as `xpm-push-<practice>`, and how the practice stands."""
    rows = {
        "Reached XPM": drained.confirmed,
        "Refused": drained.refused,
        "Changed on both sides": drained.conflicts,
        "Waiting": drained.waiting,
        "Requests to Xero": drained.calls,
    }
    table = [{"Edits": name, "Count": count} for name, count in rows.items()]
    create_table_artifact(key=f"xpm-push-{practice}", description=f"Last push of {practice}", table=table)
    publish_status(practice)


def sum_up_push(outcomes: Mapping[str, object]) -> Message:
    """Sum up all practices; the status is that of the worst."""
    said = [_said(outcome) for outcome in outcomes.values()]
    if not said:
        return message("push.nobody")
    if len(said) == 1:
        return said[0]
    remarks = " ".join(f"{practice}: {one.title}." for practice, one in zip(outcomes, said, strict=True))
    return message("push.summed_up", count=len(said), remarks=remarks).model_copy(update={"status": worst(said)})


def _said(outcome: object) -> Message:
    if isinstance(outcome, Message):
        return outcome
    if isinstance(outcome, Stopped):
        return outcome.message
    reason = outcome.message if isinstance(outcome, XeroError) else type(outcome).__name__
    return message("push.failed", practice="the practice", reason=reason)
