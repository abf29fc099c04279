"""When a step is worth repeating, and when it need not be."""

from hashlib import sha256
from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.runtime import flow_run

from xpm.integration import Integration
from xpm.store.consent import connections
from xpm.store.pull import runs
from xpm.xero.errors import Remedy, XeroError

WAITS: list[float] = [5, 30, 120]  # seconds between tries; longer outages are for a retry by hand or the next night


def worth_retrying(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Only trouble that passes by itself: Xero not answering. A missing consent never comes back by asking again."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, XeroError) and error.remedy is Remedy.TRY_LATER


def once_per_run(context: TaskRunContext, parameters: dict[str, Any]) -> str:
    """A step that finished is not repeated when its run is retried, however deep it stands in that run.

    It is when the practice was reconnected or a sync of it taken back since: what the step did may stand no longer.
    """
    given = [f"{name}={value}" for name, value in sorted(parameters.items())]
    key = "\n".join([str(flow_run.root_flow_run_id), context.task.task_key, *given, *_since(parameters["practice"])])
    return sha256(key.encode()).hexdigest()  # Prefect makes it the name of a file, which may not be long


def _since(practice: str) -> list[str]:
    """The consent that the practice is connected by, and the last revert."""
    with Integration.opened() as integration, integration.database.read() as session:
        return [str(connections.get(session, practice).consent_id), str(runs.last_revert(session, practice))]
