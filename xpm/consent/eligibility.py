"""Whether an FYI user may make a connection and can keep it alive (FYI: "Check your User Account")."""

from datetime import date
from enum import StrEnum

from xpm.store.tables import FyiUser


class Obstacle(StrEnum):
    """Why an FYI user cannot hold a connection, the most urgent first."""

    INACTIVE = "inactive"
    LEAVING = "leaving"
    NOT_ADMIN = "not_admin"


def obstacles(user: FyiUser, today: date) -> list[Obstacle]:
    """List this person's obstacles on the practice's day `today`, the most urgent first.

    A person is leaving up to and including their last day; from the next day on they count as inactive.
    """
    left = user.leaving_on is not None and user.leaving_on < today
    found = {
        Obstacle.INACTIVE: not user.is_active or left,
        Obstacle.LEAVING: user.leaving_on is not None and not left,
        Obstacle.NOT_ADMIN: not user.is_admin,
    }
    return [obstacle for obstacle, is_there in found.items() if is_there]
