"""Tells the webhook at XPM_NOTIFY_URL that a connection broke, recovered or has to be handed over.

An automation in Prefect starts it when such an event is announced (cli/notifying.py). Prefect never has the address:
the run reads it from the worker's environment.
"""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.ending import state_of
from tasks.notifying import send_notice
from xpm.activity.notifying import NotifyingFailed
from xpm.words import message


@flow(name="notify", flow_run_name="Notify about {practice}")
def notify(event: str, practice: str, text: str) -> State[Any]:
    """Tell the webhook what happened.

    Args:
        event: The event in Prefect, such as xpm.connection.broken.
        practice: The practice's short name.
        text: What happened and what to do next, for people.
    """
    try:
        said = send_notice(event, practice, text)
    except NotifyingFailed as failed:
        said = message("notify.failed", practice=practice, reason=failed.reason)
    return state_of(said)
