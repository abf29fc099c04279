"""What edits cost in calls to Xero is known before they are made."""

import pytest

from sandbox.world import small_world
from tests.conftest import Serve
from tests.pull.conftest import UNLIMITED
from tests.pull.house import SLUG, YEARS, opened
from tests.push.desk import Desk
from xpm.entities.names import Entity, Noun
from xpm.push.asks import Ask
from xpm.push.editing import preview
from xpm.store.engine.database import Database
from xpm.store.vocabulary import SyncMode

VALUES = {"Fee budget": "12.5", "Promised date": "2027-01-31", "Reviewer's remark": "Seen", "Write-off allowed": "7"}
MANY = 100


def test_the_calls_of_an_edit_are_predicted(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    manager = str(desk.staff()[0].email)
    asks = [Ask(Noun.JOB, job, VALUES | {"name": "A better name", "manager": manager}) for job in desk.some_jobs(5)]
    _assert_predicted(desk, asks)


@pytest.mark.deep
def test_four_custom_fields_cost_three_calls_for_each_of_many_jobs(serve: Serve, sqlite_database: Database) -> None:
    with opened(serve(small_world(jobs=4 * MANY, years=YEARS, limits=UNLIMITED)), sqlite_database) as house:
        desk = Desk(house)
        for position in house.xpm.jobs.positions():
            house.xpm.set_values("job", position, [])  # so that what FYI has not read yet is what it knows
        house.sync(Entity.STAFF)
        house.sync(Entity.JOBS)
        house.sync(Entity.CUSTOM_FIELDS, SyncMode.LISTS)
        asks = [Ask(Noun.JOB, job, VALUES) for job in desk.some_jobs(MANY)]
        assert len(asks) == MANY
        assert _assert_predicted(desk, asks) == 3 * MANY


def _assert_predicted(desk: Desk, asks: list[Ask]) -> int:
    predicted = preview(desk.house.integration, SLUG, asks).calls
    desk.ask(*asks, confirmed=len(asks))
    before = desk.calls()
    result = desk.push()
    made = desk.calls() - before
    assert (made, result.calls, desk.open_edits()) == (predicted, predicted, [])
    return made
