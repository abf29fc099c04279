"""Each fault of each way to XPM: the edit ends in a state that is true, and XPM applied as many writes as it tells."""

from typing import Any

import pytest

from tests.profiles import deep_but
from tests.pull.house import SLUG
from tests.push.desk import ENTITIES, Desk
from xpm.entities.names import Noun
from xpm.push.deciding import Decision, decide
from xpm.store.vocabulary import EditState

WAYS = {
    "job.api/update": (Noun.JOB, "name"),
    "job.api/assign": (Noun.JOB, "manager"),
    "job.api/state": (Noun.JOB, "state"),
    "job.api/update/": (Noun.JOB, "Fee budget"),
    "client.api/update": (Noun.CLIENT, "phone"),
    "client.api/update/": (Noun.CLIENT, "Fee budget"),
}
"""A field of each way, by how the path of its call begins."""

PASSING: tuple[dict[str, Any], ...] = (
    {"kind": "lost_answer"},
    {"kind": "reset"},
    {"kind": "status", "status": 500},
    {"kind": "status_after", "status": 500},
    {"kind": "status_after", "status": 504},
    {"kind": "status", "status": 409},
    {"kind": "limit", "problem": "minute"},
    {"kind": "token_expired"},
)
"""What passes: the edit arrives by itself, once."""


@pytest.mark.parametrize("path", deep_but({"job.api/state", "client.api/update/"}, WAYS))
def test_an_edit_ends_in_a_true_state_whatever_goes_wrong_with_its_call(sqlite_desk: Desk, path: str) -> None:
    values = _values(sqlite_desk, path)
    for number, fault in enumerate(PASSING):
        applied = len(sqlite_desk.writes())
        details = {name: value for name, value in fault.items() if name != "kind"}
        sqlite_desk.house.order(fault["kind"], path, method="PUT", **details)
        _edit(sqlite_desk, path, values[number % 2])

        sqlite_desk.push_until_done()

        assert sqlite_desk.states()[-1] is EditState.CONFIRMED, fault
        assert len(sqlite_desk.writes()) == applied + 1, fault
    for kind in ("error_body", "ok_but_ignored"):
        applied = len(sqlite_desk.writes())
        sqlite_desk.house.order(kind, path, method="PUT")
        _edit(sqlite_desk, path, values[len(PASSING) % 2])

        sqlite_desk.push()

        (edit,) = sqlite_desk.open_edits()
        assert (edit.state, len(sqlite_desk.writes())) == (EditState.REFUSED, applied), kind
        decide(sqlite_desk.house.integration, SLUG, Decision.withdraw, [edit.id or 0], sqlite_desk.person)
    assert [sqlite_desk.house.sync(entity).changed for entity in ENTITIES] == [0] * len(ENTITIES)


def _edit(desk: Desk, path: str, value: str) -> None:
    noun, name = WAYS[path]
    desk.edit(noun, desk.a_job() if noun is Noun.JOB else desk.a_client(), **{name: value})


def _values(desk: Desk, path: str) -> list[str]:
    """Two values that the field does not have."""
    match WAYS[path]:
        case _, "manager":
            now = desk.job_in_fyi(desk.a_job())["manager_uuid"]
            return [str(one.email) for one in desk.staff() if one.uuid != now][:2]
        case _, "state":
            now = desk.job_in_fyi(desk.a_job())["state"]
            other = next(one for one in desk.open_states() if one != now)
            return [other, str(now)]
    return ["1001.5", "1002.5"]
