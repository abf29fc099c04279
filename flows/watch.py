"""Watches every practice's connection, every quarter of an hour.

Each practice is checked separately: an error in one never stops the others. The run ends *Action Required* as long as
any practice needs attention; Practice Activity and the events report each finding once. The run also ends waits for
people who did not answer, and deletes history that need not be kept any longer.
"""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.ending import state_of
from tasks.waiting import end_waits
from tasks.watch import every_practice, forget_old_history, sum_up_watch, watch_practice
from xpm.installation import WrongSchema


@flow(name="watch", flow_run_name="Watch every connection")
def watch() -> State[Any]:
    """Test every connection, and find out in time what will break it."""
    try:
        listed = every_practice()
    except WrongSchema as wrong:
        return state_of(wrong.message)
    end_waits(return_state=True)
    states = {practice: watch_practice(practice, return_state=True) for practice in listed}
    outcomes = {practice: state.result(raise_on_failure=False) for practice, state in states.items()}
    forget_old_history()
    return state_of(sum_up_watch(outcomes))
