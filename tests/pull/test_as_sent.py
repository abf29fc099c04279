"""A record that arrives exactly as stored is not even read; any other record is."""

from collections.abc import Iterator

import pytest

from tests.pull.house import SLUG, House, request
from xpm.consent.access import practice_access
from xpm.entities.names import Entity
from xpm.entities.staff import STAFF
from xpm.pull.intake import Intake
from xpm.pull.run import working
from xpm.pull.work import Work
from xpm.xero import endpoints
from xpm.xero.models import Staff
from xpm.xero.records import Records, Sent


@pytest.fixture
def work(house: House) -> Iterator[Work]:
    """A sync of staff under way, after a sync that stored them."""
    house.sync(Entity.STAFF)
    with (
        practice_access(house.integration, SLUG) as access,
        working(house.integration, access, request(Entity.STAFF)) as work,
    ):
        yield work


def taken(work: Work, *sent: Sent[Staff]) -> Intake[Staff]:
    """Store these records as one of Xero's lists."""
    intake = Intake[Staff](work, STAFF.main)
    intake.take(Records(lambda _: iter(sent)))
    return intake


def unread(_: dict[str, int]) -> Staff:
    """Fails if a record is read that need not be read."""
    raise AssertionError("It was read.")


def test_a_record_that_arrives_exactly_as_stored_is_counted_once_and_not_read(house: House, work: Work) -> None:
    stored = house.rows("staff")
    sent: list[Sent[Staff]] = [Sent(row["uuid"], row["sent_digest"], unread) for row in stored]
    assert taken(work, *sent, *sent).seen == {row["uuid"] for row in stored}
    assert house.rows("staff") == stored
    run = house.runs()[-1]
    assert (run.unchanged, run.changed, run.added) == (len(stored), 0, 0)


@pytest.mark.also_on_postgresql("bytes are compared in SQL")
def test_a_record_that_only_looks_different_is_read_once_and_not_changed(house: House, work: Work) -> None:
    stored = {row["uuid"]: row for row in house.rows("staff")}
    (first, *_) = work.access.api.list(endpoints.STAFF)
    assert isinstance(first, Staff)
    taken(work, Sent(first.uuid, b"another digest", lambda _: first))
    taken(work, Sent(first.uuid, b"another digest", unread))
    stored[first.uuid]["sent_digest"] = b"another digest"
    assert {row["uuid"]: row for row in house.rows("staff")} == stored
    assert house.runs()[-1].unchanged == 2


def test_a_record_without_a_stored_digest_is_read(house: House, work: Work) -> None:
    new = Staff(uuid="new", name="New")
    taken(work, Sent("new", b"a digest", lambda _: new))
    assert "new" in house.active("staff", "uuid")
    (row,) = [row for row in house.rows("staff") if row["uuid"] == "new"]
    assert row["sent_digest"] == b"a digest"


def test_a_record_archived_as_absent_is_read_again_if_it_arrives_as_before(house: House, work: Work) -> None:
    stored = house.rows("staff")[0]
    everybody = {one.uuid: one for one in work.access.api.list(endpoints.STAFF) if isinstance(one, Staff)}
    intake = Intake[Staff](work, STAFF.main)
    intake.seen |= everybody.keys()
    intake.archive_gone([stored["uuid"]])
    assert stored["uuid"] not in house.active("staff", "uuid")
    taken(work, Sent(stored["uuid"], stored["sent_digest"], lambda _: everybody[stored["uuid"]]))
    assert stored["uuid"] in house.active("staff", "uuid")
