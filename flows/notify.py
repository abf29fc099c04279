"""Sends the news of a practice: by email to its people, and to webhooks.

An automation in Prefect starts it when news waits (cli/notifying.py). Prefect has neither the news nor an address: the
run reads the news from the database, and addresses and passwords from there and from the worker's environment.
"""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.ending import state_of
from tasks.notifying import send_news
from xpm.activity.notifying import NotifyingFailed
from xpm.words import Stopped, message


@flow(name="notify", flow_run_name="News of {practice}")
def notify(practice: str) -> State[Any]:
    """Send the news that waits.

    Args:
        practice: The practice's short name.
    """
    try:
        said = send_news(practice)
    except NotifyingFailed as failed:
        said = message("notify.failed", practice=practice, reason=failed.reason)
    except Stopped as stopped:
        said = stopped.message
    return state_of(said)
