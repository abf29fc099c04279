"""What may go wrong between FYI and Xero: random faults, reproducible from the same dice."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from tests.pull.breaking.indoors import Indoors

Details = dict[str, Any]

STATUSES = (400, 404, 408, 409, 412, 418, 500, 502, 503, 504)
BODIES = ("", "<html><body>Bad gateway</body></html>", '{"Title":"An error occurred","Status":500}', "<Response>")

FAULTS: Mapping[str, Callable[[Random], Details]] = {
    "status": lambda dice: {"status": dice.choice(STATUSES), "body": dice.choice(BODIES)},
    "lost_answer": lambda _: {},
    "reset": lambda _: {},
    "truncate": lambda dice: {"fraction": dice.random()},
    "token_expired": lambda _: {"times": 1},  # if it repeats, the consent is gone
    "limit": lambda dice: dice.choice(
        [{"problem": problem} for problem in ("minute", "concurrent", "appminute")]
        + [{"problem": "day", "retry_after": 40_000}, {"problem": "minute", "retry_after": 7}]
    ),
    "maintenance": lambda _: {},
    "error_body": lambda _: {},
    "no_container": lambda _: {},
    "garbage": lambda _: {},
    "bad_record": lambda dice: {"what": dice.choice(("date", "uuid", "markup")), "nth": dice.randint(1, 4)},
    "empty_list": lambda _: {},
    "duplicate": lambda _: {},
    "mislabel": lambda dice: {"content_type": dice.choice(("text/html", "application/json", "image/png"))},
}

PATHS = (
    *("",) * 8, "client.api/list", "client.api/get", "clientgroup.api", "job.api", "job.api/current", "job.api/list",
    "job.api/get", "staff.api", "category.api", "customfield.api",
)  # fmt: skip

PERSUASIVE = {"empty_list", "bad_record", "status"}
"""Faults that may hide a record without a trace: a short list, a record without a key, a 404 for one job."""


def order_faults(house: Indoors, dice: Random) -> set[str]:
    """Order one to three faults instead of the present ones, and return their kinds."""
    house.server.world.faults.clear()
    house.wire.reset()
    kinds = dice.sample([*FAULTS, "unplugged", "unanswered"], k=dice.randint(1, 3))
    for kind in kinds:
        if kind in FAULTS:
            order(house, kind, dice)
        else:
            first = dice.randrange(8)
            setattr(house.wire, kind, range(first, first + dice.randint(1, 6)))
    return set(kinds)


def order(house: Indoors, kind: str, dice: Random) -> None:
    """Order one fault at a random path, once or for longer."""
    area = "tax" if dice.random() < 0.2 else "xpm"
    details = {"times": dice.choice((1, 2, 5, 0, 0)), "after": dice.randrange(4), **FAULTS[kind](dice)}
    house.order(kind, dice.choice(PATHS) if area == "xpm" else "", area, **details)
