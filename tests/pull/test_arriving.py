"""The next list begins before the present one is stored. The result is the same as if it did not."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace

import pytest

from tests.pull.house import SLUG, House, request
from xpm.consent.access import practice_access
from xpm.entities import staff
from xpm.entities.names import Entity
from xpm.pull import arriving
from xpm.pull.arriving import NamedList
from xpm.pull.intake import Intake
from xpm.pull.reader import Reader
from xpm.pull.reading import ReadRecords
from xpm.pull.run import Run, working
from xpm.xero.endpoints import STAFF
from xpm.xero.errors import UnreadableAnswer
from xpm.xero.models import Staff
from xpm.xero.records import AnswerCounts, Records, Sent
from xpm.xero.xml.record import sent


class Hoarder(Reader):
    """Begins up to `most` batches before one is stored."""

    def __init__(self, most: int = 100) -> None:
        super().__init__()
        self.most = most

    def is_ahead(self, begun: Sequence[Future[ReadRecords]]) -> bool:
        """Whether more than `most` batches are begun."""
        return len(begun) > self.most


@pytest.fixture
def work(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A sync of staff under way, which begins every list, in batches of one, before it stores anything."""
    monkeypatch.setattr(arriving, "BATCH", 1)
    with (
        practice_access(house.integration, SLUG) as access,
        working(house.integration, access, request(Entity.STAFF)) as work,
    ):
        yield replace(work, reader=Hoarder())


def member(name: str) -> Sent[Staff]:
    """A staff member as Xero sends them."""
    return sent(STAFF, f"<Staff><UUID>{name}</UUID><Name>{name}</Name></Staff>".encode())


def listing(*names: str, then: Callable[[], object] = lambda: None) -> NamedList[Staff]:
    """A list with these staff members, which takes one call and ends with calling `then`."""

    def read(tally: AnswerCounts) -> Iterator[Sent[Staff]]:
        tally.calls += 1
        yield from map(member, names)
        then()

    return NamedList("", Records(read))


def cut_short() -> None:
    """Cut the list short, with the error of a truncated answer."""
    raise UnreadableAnswer("Xero's answer ends before its document does.", endpoint="staff", status=200)


def intake_of(work: Run) -> Intake[Staff]:
    return Intake[Staff](work, staff.STAFF.main)


def test_each_list_yields_its_own_keys_once_they_are_stored(house: House, work: Run) -> None:
    lists = [listing("ana", "ben"), listing(), listing("ben", "cleo")]
    stored = []
    for keys in intake_of(work).take_each(lists):
        assert keys <= house.active("staff", "uuid")
        stored.append(keys)
    assert stored == [{"ana", "ben"}, set(), {"ben", "cleo"}]
    assert (house.runs()[-1].added, house.runs()[-1].unchanged, house.runs()[-1].calls) == (3, 0, 3)


@pytest.mark.also_on_postgresql("rows are replaced")
def test_the_version_in_the_last_list_is_stored(house: House, work: Run) -> None:
    newer = sent(STAFF, b"<Staff><UUID>ana</UUID><Name>Ana Newer</Name></Staff>")
    lists = [
        listing("ana"),
        NamedList("", Records(lambda _: iter([newer]))),
        NamedList("", Records(lambda _: iter([newer]))),
    ]
    list(intake_of(work).take_each(lists))
    assert [row["name"] for row in house.rows("staff") if row["uuid"] == "ana"] == ["Ana Newer"]
    assert (house.runs()[-1].added, house.runs()[-1].changed) == (1, 1)


def test_records_before_a_cut_are_stored_and_no_further_list_is_asked_for(house: House, work: Run) -> None:
    asked: list[str] = []
    lists = [listing("ana"), listing("ben", then=cut_short), listing("cleo", then=lambda: asked.append("cleo"))]
    taken = intake_of(work).take_each(lists)
    assert next(taken) == {"ana"}
    with pytest.raises(UnreadableAnswer):
        next(taken)
    assert {"ana", "ben"} <= house.active("staff", "uuid")
    assert not asked
    assert house.runs()[-1].calls == 2


def test_leaving_early_closes_the_answer_that_is_arriving(work: Run) -> None:
    closed: list[str] = []

    def read(_: AnswerCounts) -> Iterator[Sent[Staff]]:
        try:
            yield from (member(str(number)) for number in range(2_000))
        finally:
            closed.append("the answer")

    two_ahead = replace(work, reader=Hoarder(2))
    taken = intake_of(two_ahead).take_each([listing("ana"), NamedList("", Records(read))])
    assert next(taken) == {"ana"}
    assert not closed
    taken.close()
    assert closed
