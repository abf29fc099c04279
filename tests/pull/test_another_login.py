"""Another person's login may see fewer records, so after a reconnect absence proves nothing until a person says so."""

import datetime as dt

import pytest

from sandbox.accounts import edits
from sandbox.world import MERE, SAM
from tests.pull.house import SLUG, House, connect
from xpm.entities.names import Entity
from xpm.store import people
from xpm.store.vocabulary import RunStatus, SyncMode


def reconnect(house: House, who: str) -> None:
    """Reconnect the practice to the same account with this person's login."""
    with house.database.write() as session:
        if people.by_email(session, SLUG, who) is None:
            people.add(session, SLUG, who, who, is_admin=True)
    connect(house.integration, run=f"the-reconnect-of-{who}", confirmed=False, who=who)


@pytest.mark.also_on_postgresql("the last run is found by SQL")
def test_nothing_is_archived_with_another_login_until_a_person_confirms_it(house: House) -> None:
    house.sync(Entity.STAFF)
    stored = house.active("staff", "uuid")
    reconnect(house, SAM)
    edits.delete(house.xpm, "staff", house.truth("staff")[-1]["UUID"])
    for _ in range(2):
        (foreseen, result) = house.preview(Entity.STAFF), house.sync(Entity.STAFF)
        assert (result.status, result.message.key) == (RunStatus.ACTION_REQUIRED, "sync.missing_for_new_login")
        assert foreseen.status is RunStatus.ACTION_REQUIRED
        assert house.active("staff", "uuid") == stored
    assert "another person's login" in result.message.cause
    assert house.sync(Entity.STAFF, confirm_missing=1).archived == 1
    edits.add(house.xpm, "staff", {"Name": "Newcomer"})
    house.sync(Entity.STAFF)
    edits.delete(house.xpm, "staff", house.truth("staff")[-1]["UUID"])
    assert house.sync(Entity.STAFF).archived == 1, "both sides agreed with this login"


def test_a_first_sync_with_another_login_that_misses_nothing_asks_nobody(house: House) -> None:
    house.sync(Entity.STAFF)
    reconnect(house, SAM)
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS
    edits.delete(house.xpm, "staff", house.truth("staff")[-1]["UUID"])
    assert house.sync(Entity.STAFF).archived == 1


def test_a_login_that_both_sides_agreed_with_is_known_although_a_clock_was_ahead_before(house: House) -> None:
    house.clock.ahead = dt.timedelta(days=20)
    house.sync(Entity.STAFF)
    house.clock.ahead = dt.timedelta()
    reconnect(house, SAM)
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS
    edits.delete(house.xpm, "staff", house.truth("staff")[-1]["UUID"])
    assert house.sync(Entity.STAFF).archived == 1


def test_the_same_person_may_reconnect_without_a_confirmation(house: House) -> None:
    house.sync(Entity.STAFF)
    reconnect(house, MERE)
    edits.delete(house.xpm, "staff", house.truth("staff")[-1]["UUID"])
    assert house.sync(Entity.STAFF).archived == 1


@pytest.mark.parametrize("mode", SyncMode)
def test_jobs_that_another_login_is_not_shown_stay_in_either_mode(house: House, mode: SyncMode) -> None:
    house.sync(Entity.JOBS)
    reconnect(house, SAM)
    number = house.name_of(house.rows("current_job")[0]["key"])
    edits.delete(house.xpm, "jobs", number)
    result = house.sync(Entity.JOBS, mode)
    assert (result.status, result.archived) == (RunStatus.ACTION_REQUIRED, 0)
    assert number in house.active("job", "number")
    confirmed = house.sync(Entity.JOBS, mode, confirm_missing=1)
    assert (confirmed.status, confirmed.archived) == (RunStatus.SUCCESS, 1)
