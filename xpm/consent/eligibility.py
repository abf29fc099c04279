"""Whether an FYI user may make a connection and can keep it (FYI: "Check your User Account")."""

from datetime import date
from enum import StrEnum

from xpm.store.tables import FyiUser


class Obstacle(StrEnum):
    """What stands between an FYI user and a connection, the most urgent first."""

    INACTIVE = "inactive"
    LEAVING = "leaving"
    NOT_ADMIN = "not_admin"


def obstacles(user: FyiUser, today: date) -> list[Obstacle]:
    """All that stands in this person's way on the practice's day `today`, the most urgent first.

    On the last day a person is still leaving; from the next day on they have left, and are as good as inactive.
    """
    left = user.leaving_on is not None and user.leaving_on < today
    met = {
        Obstacle.INACTIVE: not user.is_active or left,
        Obstacle.LEAVING: user.leaving_on is not None and not left,
        Obstacle.NOT_ADMIN: not user.is_admin,
    }
    return [obstacle for obstacle, stands in met.items() if stands]
