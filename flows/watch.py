"""Looking after every practice's connection, every quarter of an hour.

Each practice is looked at by itself: trouble with one never keeps the watch from the next. The run ends *Action
Required* as long as any practice needs somebody; Practice Activity and the events say each thing once. History that is
older than it has to be kept is forgotten along the way.
"""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.ending import state_of
from tasks.watch import every_practice, forget_old_history, sum_up_watch, watch_practice


@flow(name="watch", flow_run_name="Watch every connection")
def watch() -> State[Any]:
    """Prove every connection, and find out in time what will break one."""
    looked_at = {practice: watch_practice(practice, return_state=True) for practice in every_practice()}
    outcomes = {practice: state.result(raise_on_failure=False) for practice, state in looked_at.items()}
    forget_old_history()
    return state_of(sum_up_watch(outcomes))
