"""Decides when a failed step is retried, and when a finished step need not be repeated."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.runtime import flow_run, task_run

from xpm.activity.log import record
from xpm.integration import Integration
from xpm.store.consent import connections
from xpm.store.errors import DatabaseUnavailable
from xpm.store.pull import runs
from xpm.words import message
from xpm.xero.errors import Remedy, XeroError
from xpm.xero.http.patience import MAX_RETRIES

WAITS: list[float] = [5, 30, 120]  # seconds between tries; after longer outages a person or the next night retries

MOST_TRIES = 1 + MAX_RETRIES + len(WAITS)
"""The first try, its retries within seconds, and one more in each try of the step."""


def worth_retrying(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Retry only what passes by itself, such as Xero not answering. Asking again never brings a lost consent back.

    A call that was tried `MOST_TRIES` times in this run, by whomever, is not tried again.
    """
    error = state.result(raise_on_failure=False)
    return _passes(error) if isinstance(error, XeroError) else isinstance(error, DatabaseUnavailable)


def _passes(error: XeroError) -> bool:
    return error.remedy is Remedy.TRY_LATER and (error.tries or 0) < MOST_TRIES


@contextmanager
def telling_of_the_next_try(practice: str, what: str) -> Iterator[None]:
    """Say in Practice Activity that a step waits for Xero, why and for how long, if an error of the block passes.

    Only for steps that wait as `WAITS` says.
    """
    try:
        yield
    except XeroError as error:
        tries = task_run.run_count or 1
        if _passes(error) and tries <= len(WAITS):
            said = message("sync.tries_again", what=what, reason=error.message, seconds=round(WAITS[tries - 1]))
            with Integration.opened() as integration, integration.database.write() as session:
                record(session, practice, said, now=integration.clock(), flow_run_id=str(flow_run.id))
        raise


def once_per_run(context: TaskRunContext, parameters: dict[str, Any]) -> str:
    """Return a cache key, so that a finished step is not repeated when its run, or a parent of that run, is retried.

    The key changes after a reconnect or a revert of the practice, since what the step did may no longer hold.
    """
    given = [f"{name}={value}" for name, value in sorted(parameters.items())]
    key = "\n".join([str(flow_run.root_flow_run_id), context.task.task_key, *given, *_since(parameters["practice"])])
    return sha256(key.encode()).hexdigest()  # Prefect uses the key as a file name, which must be short


def _since(practice: str) -> list[str]:
    """Return the practice's current consent and its last reverts."""
    with Integration.opened() as integration, integration.database.read() as session:
        return [str(connections.get(session, practice).consent_id), str(runs.last_reverts(session, practice))]
