"""A list that has something besides its records does not prove that a record is gone."""

import pytest

from tests.pull.house import House
from xpm.entities.names import Entity
from xpm.pull.replay import replay
from xpm.store.vocabulary import ActivityStatus, RunStatus
from xpm.xero.errors import UnreadableAnswer

KEYS = [f"0000000{number}-0000-4000-8000-00000000000a" for number in range(1, 6)]
STAFF = [f"<Staff><UUID>{key}</UUID><Name>Ana</Name></Staff>" for key in KEYS]
FOUR = "".join(STAFF[:4])


def answer(house: House, frame: str) -> None:
    house.order("status", "staff.api/list", status=200, body=f"<Response>{frame}</Response>")


def stored_first(house: House) -> None:
    answer(house, f"<Status>OK</Status><StaffList>{''.join(STAFF)}</StaffList>")
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS


BROKEN = {
    "text among the records": f"<Status>OK</Status><StaffList>{FOUR}An error has occurred.</StaffList>",
    "text before the records": f"<Status>OK</Status><StaffList>Sorry{FOUR}</StaffList>",
    "two lists": f"<Status>OK</Status><StaffList>{FOUR}</StaffList><StaffList>{STAFF[4]}</StaffList>",
    "an error after the records": f"<Status>OK</Status><StaffList>{FOUR}</StaffList><Status>ERROR</Status>",
}


@pytest.mark.parametrize("frame", BROKEN.values(), ids=BROKEN)
def test_a_broken_frame_makes_the_list_unreadable(house: House, frame: str) -> None:
    stored_first(house)
    answer(house, frame)
    with pytest.raises(UnreadableAnswer):
        house.sync(Entity.STAFF)
    assert house.active("staff", "uuid") == set(KEYS)


OTHERS = STAFF[4].replace("Staff>", "Member>"), f"<Page>{STAFF[4]}</Page>"


@pytest.mark.parametrize("other", OTHERS, ids=["another name", "inside another element"])
def test_what_may_be_a_record_under_another_name_is_set_aside_and_nothing_is_missing(house: House, other: str) -> None:
    stored_first(house)
    answer(house, f"<Status>OK</Status><StaffList>{FOUR}<Total>5</Total>{other}</StaffList>")
    result = house.sync(Entity.STAFF)
    assert (result.message.status, result.archived, result.quarantined) == (ActivityStatus.ACTION_REQUIRED, 0, 1)
    assert house.active("staff", "uuid") == set(KEYS)
    (aside,) = house.aside()
    assert (aside.payload[:6], aside.reason) == (other[:6], "is not the Staff that belongs in its place")
    replay(house.integration, "harbour-vale")
    assert [one.payload for one in house.aside()] == [aside.payload]
