"""The step that sends a practice's news. Addresses and passwords are read where the worker runs."""

from typing import Any

from prefect import Task, task
from prefect.client.schemas.objects import State, TaskRun

from tasks.retrying import WAITS
from xpm.activity.delivery import deliver
from xpm.activity.notifying import NotifyingFailed
from xpm.integration import Integration
from xpm.words import Message, message, step_title


def may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Retry only what passes by itself: whoever refuses a piece of news refuses it again."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, NotifyingFailed) and error.may_pass


@task(
    name=step_title("notify"),
    retries=len(WAITS),
    retry_delay_seconds=WAITS,
    retry_jitter_factor=0.2,
    retry_condition_fn=may_pass,
)
def send_news(practice: str) -> Message:
    """Send everything that waits.

    Raises:
        NotifyingFailed: somebody was not told. Its message names no address.
        Stopped: there is no such practice.
    """
    with Integration.opened() as integration:
        done = deliver(integration, practice)
    if done.failed:
        raise NotifyingFailed("; ".join(done.failed), may_pass=done.may_pass)
    return message("notify.sent", practice=practice, count=done.sent)
