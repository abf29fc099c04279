"""The step that tells the webhook at XPM_NOTIFY_URL, whose address is read where the worker runs."""

from typing import Any

from prefect import Task, task
from prefect.client.schemas.objects import State, TaskRun

from tasks.retrying import WAITS
from xpm.activity.notifying import NotifyingFailed, notify
from xpm.settings import Settings
from xpm.words import Message, message, step_title


def may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Retry only what passes by itself: a webhook that refuses a notice refuses it again."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, NotifyingFailed) and error.may_pass


@task(
    name=step_title("notify"),
    retries=len(WAITS),
    retry_delay_seconds=WAITS,
    retry_jitter_factor=0.2,
    retry_condition_fn=may_pass,
)
def send_notice(event: str, practice: str, text: str) -> Message:
    """Post the notice. Raises NotifyingFailed, whose message does not name the address."""
    settings = Settings()
    if settings.xpm_notify_url is None:
        return message("notify.no_address")
    notify(settings.xpm_notify_url, event, practice, text, trust_proxy=settings.xpm_trust_proxy)
    return message("notify.sent", practice=practice)
