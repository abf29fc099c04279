"""Sends what people edited in FYI to Xero Practice Manager: right after a single edit, and every few minutes.

Each practice is a step of its own, so an error in one never stops the others. A practice without edits costs nothing.
"""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from flows.ending import state_of
from tasks.push import push_edits, sum_up_push, with_edits
from xpm.words import Stopped


def run_name() -> str:
    """Return the name that the UI gives a run."""
    return f"Send edits of {flow_run.parameters.get('practice') or 'every practice'}"


@flow(name="push", flow_run_name=run_name)
def push(practice: str = "") -> State[Any]:
    """Send what people edited in FYI to Xero Practice Manager.

    Args:
        practice: The practice's short name in FYI; empty for every practice that has edits.
    """
    try:
        listed = with_edits(practice)
    except Stopped as reason:
        return state_of(reason.message)
    states = {one: push_edits(one, return_state=True) for one in listed}
    return state_of(sum_up_push({one: state.result(raise_on_failure=False) for one, state in states.items()}))
