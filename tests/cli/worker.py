"""Stands in for a Prefect worker in tests where only a run's end matters."""

import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import FlowRun, State, StateType

WAITING = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])))
PATIENCE = 60.0  # seconds for a run to appear


@contextmanager
def worker_that_ends_the_next_run(
    ending: State, work: Callable[[FlowRun], None] = lambda _: None
) -> Iterator[list[FlowRun]]:
    """Stand in for a worker: take the next run that is started, call `work`, and end the run in this state."""
    taken: list[FlowRun] = []
    context = contextvars.copy_context()  # Prefect keeps its settings there
    worker = threading.Thread(target=context.run, args=(_end_next, ending, work, taken))
    worker.start()
    yield taken
    worker.join(PATIENCE)


def _end_next(ending: State, work: Callable[[FlowRun], None], taken: list[FlowRun]) -> None:
    deadline = time.monotonic() + PATIENCE
    with get_client(sync_client=True) as client:
        while not taken and time.monotonic() < deadline:
            started = client.read_flow_runs(flow_run_filter=WAITING)
            taken += [run for run in started if not run.auto_scheduled]
            time.sleep(0.2)
        for run in taken:
            work(run)
            client.set_flow_run_state(run.id, ending, force=True)
