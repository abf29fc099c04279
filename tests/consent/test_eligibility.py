"""Whether an FYI user can hold a connection."""

import datetime as dt
from typing import Any

import pytest

from xpm.consent.eligibility import Obstacle, obstacles
from xpm.store.tables import FyiUser

TODAY = dt.date(2026, 3, 2)
YESTERDAY, TOMORROW = TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=1)


def user(**changes: Any) -> FyiUser:  # noqa: ANN401 - the fields of a user
    """Make an active FYI Admin who stays, with the given changes."""
    kept: dict[str, Any] = {
        "id": "u1",
        "practice": "acme",
        "email": "ana@acme.example",
        "name": "Ana",
        "is_admin": True,
    }
    return FyiUser(**(kept | changes))


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"is_active": False}, [Obstacle.INACTIVE]),
        ({"leaving_on": YESTERDAY}, [Obstacle.INACTIVE]),
        ({"leaving_on": TODAY}, [Obstacle.LEAVING]),
        ({"leaving_on": TOMORROW}, [Obstacle.LEAVING]),
        ({"is_admin": False}, [Obstacle.NOT_ADMIN]),
        (
            {"is_admin": False, "leaving_on": TOMORROW, "is_active": False},
            [Obstacle.INACTIVE, Obstacle.LEAVING, Obstacle.NOT_ADMIN],
        ),
    ],
)
def test_an_active_admin_who_stays_has_no_obstacle(changes: dict[str, Any], found: list[Obstacle]) -> None:
    assert obstacles(user(**changes), TODAY) == found
