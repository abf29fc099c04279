"""A step is retried only for what passes by itself, and not without end."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from prefect.client.schemas.objects import State, StateType

from tasks.retrying import MOST_TRIES, worth_retrying
from xpm.store.errors import DatabaseUnavailable
from xpm.words import stop
from xpm.xero.errors import ConsentNeeded, XeroUnavailable


def tried(times: int) -> XeroUnavailable:
    error = XeroUnavailable("No answer.")
    error.tries = times
    return error


@pytest.mark.parametrize(
    ("error", "is_retried"),
    [
        (XeroUnavailable("No answer."), True),
        (tried(MOST_TRIES - 1), True),
        (tried(MOST_TRIES), False),
        (DatabaseUnavailable("cut"), True),
        (ConsentNeeded("over"), False),
        (stop("sync.interrupted", entity="Jobs"), False),
    ],
    ids=repr,
)
def test_a_step_is_retried_only_for_what_passes_by_itself(error: Exception, *, is_retried: bool) -> None:
    failed: State[Any] = State(type=StateType.FAILED, timestamp=datetime.now(UTC), data=error)
    assert worth_retrying(cast(Any, None), cast(Any, None), failed) is is_retried
