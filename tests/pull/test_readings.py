"""What can be read in one way only is read so, and what can be read in two is not guessed."""

import pytest

from tests.pull.house import House
from tests.pull.test_parts import ONE, OTHER, clients, the
from xpm.entities.names import Entity
from xpm.store.vocabulary import ActivityStatus, RunStatus

pytestmark = pytest.mark.also_on_postgresql("characters that PostgreSQL refuses")

MENDED = {
    "a control character": ("a\x0bb", "ab"),
    "NUL": ("a\x00b", "ab"),
    "a reference to a control character": ("a&#x1F;b", "ab"),
    "a name of HTML's": ("a&nbsp;b", "a\xa0b"),
    "a bare ampersand": ("Ash & Sons", "Ash & Sons"),
    "a bare ampersand beside an escaped one": ("Ash &amp; Sons & Co", "Ash & Sons & Co"),
}


@pytest.mark.parametrize(("sent", "read"), MENDED.values(), ids=MENDED)
def test_text_that_xml_forbids_is_read_where_its_meaning_is_certain_and_reported(
    house: House, sent: str, read: str
) -> None:
    clients(house, f"<Name>{sent}</Name>", "<Name>Second</Name>")
    result = house.sync(Entity.CLIENTS)
    assert (result.status, result.added, house.aside()) == (RunStatus.SUCCESS, 2, [])
    assert the(house, "client", uuid=ONE)["name"] == read
    (said,) = [one for one in house.rows("practice_activity") if one["kind"] == "sync.text_replaced"]
    assert (said["run_id"], said["status"]) == (result.run_id, ActivityStatus.ALERT)
    assert f"{ONE} (Name)" in said["detail"]


def test_the_first_day_of_year_1_means_no_date(house: House) -> None:
    note = "<Notes><Note><Title>Call</Title><Date>0001-01-01T00:00:00</Date></Note></Notes>"
    clients(house, f"<DateOfBirth>0001-01-01T00:00:00</DateOfBirth>{note}", "<DateOfDeath>0001-01-01</DateOfDeath>")
    assert house.sync(Entity.CLIENTS).message.status is ActivityStatus.SUCCESS
    assert the(house, "client", uuid=ONE)["date_of_birth"] is None
    assert the(house, "client", uuid=ONE)["notes"][0]["date"] is None
    assert the(house, "client", uuid=OTHER)["date_of_death"] is None


def test_a_key_in_capitals_is_the_same_record(house: House) -> None:
    key = "abcdef00-0000-4000-8000-00000000000a"
    inside = "<AccountManager><UUID>{0}</UUID></AccountManager><Contacts><Contact><UUID>{0}</UUID></Contact></Contacts>"
    for one in (key, key.upper()):
        clients(house, inside.format(one), keys=(one,))
        assert house.sync(Entity.CLIENTS).message.status is ActivityStatus.SUCCESS
    assert [row["uuid"] for row in house.rows("client")] == [key]
    assert the(house, "client", uuid=key)["account_manager_uuid"] == key
    assert [row["uuid"] for row in house.rows("contact")] == [key]


def test_tags_of_a_note_stay_apart(house: House) -> None:
    clients(house, "<Notes><Note><Tags><Tag>Tax</Tag><Tag>Urgent</Tag></Tags></Note></Notes>", "")
    house.sync(Entity.CLIENTS)
    assert the(house, "client", uuid=ONE)["notes"][0]["tags"] == "Tax, Urgent"
