"""Whatever an answer holds, reading it takes bounded memory and linear work, and one bad record stops no other."""

from dataclasses import dataclass

import pytest

from tests.xero.fakes import envelope
from tests.xero.test_cutting import ANA, BEN, read
from xpm.xero.endpoints import STAFF
from xpm.xero.errors import UnreadableAnswer
from xpm.xero.http.bounds import LARGEST_RECORD, MOST_UNKNOWN
from xpm.xero.models import Staff
from xpm.xero.records import LeftOut, PartlyRead, Unreadable
from xpm.xero.xml.answer import RecordReader
from xpm.xero.xml.cutting import Cutter
from xpm.xero.xml.record import reread

LARGE = "<Name>" + "n" * LARGEST_RECORD + "</Name>"
BIG = f"<Staff><UUID>big</UUID>{LARGE}</Staff>"


@pytest.mark.parametrize("size", [1_000, 64 * 1024, 10**8])
def test_a_record_that_is_too_large_is_set_aside_and_the_others_are_read(size: int) -> None:
    body = envelope(f"<StaffList>{ANA}{BIG}{BEN}{BIG}\n{ANA}</StaffList>")
    ana, big, ben, again, last = read(body, [*range(0, len(body), size)])
    assert (ana, ben, last) == (Staff(uuid="ana"), Staff(uuid="ben"), Staff(uuid="ana"))
    assert big == again == Unreadable("big", f"is larger than {LARGEST_RECORD:,} bytes", "")


def test_a_record_of_just_the_largest_size_is_read() -> None:
    record = BIG.replace("n" * (len(BIG) - LARGEST_RECORD), "", 1)
    assert len(record) == LARGEST_RECORD
    (staff,) = read(envelope(f"<StaffList>{record}</StaffList>"), [*range(0, LARGEST_RECORD, 65_536)])
    assert isinstance(staff, Staff)


@pytest.mark.parametrize(
    ("start", "key"),
    [
        ("<UUID>big</UUID>", "big"),
        ("<Manager><UUID>m</UUID></Manager><UUID>big</UUID>", "big"),
        ("<Manager><UUID>m</UUID></Manager>", None),
        ("<UUID>" + "k" * 256 + "</UUID>", None),
        ("<UUID>a\x00b</UUID>", None),
        ("<UUID>", None),
    ],
)
def test_a_record_that_is_too_large_has_the_key_that_its_beginning_names(start: str, key: str | None) -> None:
    """A wrong key would have the right one archived as missing."""
    (big,) = read(envelope(f"<StaffList><Staff>{start}{LARGE}</Staff></StaffList>"), [*range(0, 5_000_000, 65_536)])
    assert isinstance(big, Unreadable)
    assert big.key == key
    assert (big.payload == "") == (key is not None)
    assert len(big.payload) <= 4_096


@pytest.mark.parametrize(
    "inside",
    [f"<!-- {LARGE} -->", f"{LARGE}<!-- </Staff> -->", f"{LARGE}{BEN}", f"{BEN}{LARGE}"],
    ids=["in a comment", "its end in a comment", "a record after it", "a record before it"],
)
def test_a_record_that_is_too_large_and_misleading_makes_the_answer_unreadable(inside: str) -> None:
    with pytest.raises(UnreadableAnswer, match="bytes"):
        read(envelope(f"<StaffList>{ANA}<Staff>{inside}</Staff>{BEN}</StaffList>"), [*range(0, 10**7, 65_536)])


@pytest.mark.parametrize(
    "body",
    [
        "<Response>" + "<Shoe/>" * 700_000,
        "<Response>" + " " * (LARGEST_RECORD + 1),
        "<Response><StaffList>" + "<Shoe/>" * 700_000,
        "<Response><StaffList a='" + "a" * (LARGEST_RECORD + 1),
        "<Response><!-- --><StaffList><Staff>" + LARGE,
    ],
    ids=["strangers", "blanks", "strangers in the list", "an attribute", "a parsed record"],
)
def test_an_answer_that_goes_on_without_a_record_is_left(body: str) -> None:
    with pytest.raises(UnreadableAnswer, match="bytes without a complete Staff"):
        read(body.encode(), [*range(0, len(body), 65_536)])


DROPPED = ["\x00", "\x01", "\x1b", "\ufffe", "&#0;", "&#x1B;"]
UNREADABLE = ["&#xD800;", "&#1114112;", f"&#{'9' * 5_000};", "&unheard;"]


def among_staff(name: str) -> bytes:
    return envelope(f"<StaffList>{ANA}<Staff><UUID>bad</UUID><Name>{name}</Name></Staff>{BEN}</StaffList>")


@pytest.mark.parametrize("sign", DROPPED, ids=ascii)
def test_a_character_that_xml_forbids_is_dropped(sign: str) -> None:
    body = among_staff(f"a{sign}b")
    ana, partly, ben = read(body, [])
    assert (ana, ben) == (Staff(uuid="ana"), Staff(uuid="ben"))
    assert isinstance(partly, PartlyRead)
    assert partly.record == Staff(uuid="bad", name="ab")
    assert (partly.replaced, partly.left_out) == (("Name",), ())
    assert reread(STAFF, "bad", partly.payload).record == partly.record  # type: ignore[union-attr]  # it is partly read


@pytest.mark.parametrize("sign", UNREADABLE, ids=lambda sign: sign[:20])
def test_a_part_with_what_is_no_character_is_left_out_alone(sign: str) -> None:
    body = among_staff(f"a{sign}b")
    ana, partly, ben = read(body, [])
    assert (ana, ben) == (Staff(uuid="ana"), Staff(uuid="ben"))
    assert isinstance(partly, PartlyRead)
    assert partly.record == Staff(uuid="bad")
    assert (partly.left_out, partly.replaced) == ((LeftOut("name"),), ())
    assert reread(STAFF, "bad", partly.payload) == partly


def test_a_part_in_another_encoding_is_left_out_alone() -> None:
    body = among_staff("é").replace("é".encode(), b"\xe9")
    ana, partly, ben = read(body, [])
    assert (ana, ben) == (Staff(uuid="ana"), Staff(uuid="ben"))
    assert isinstance(partly, PartlyRead)
    assert partly.record == Staff(uuid="bad")
    assert reread(STAFF, "bad", partly.payload) == partly


@pytest.mark.parametrize("key", ["a\x00b", "&#0;", "k" * 256, "k\x1b"], ids=["NUL", "a reference", "long", "escape"])
def test_a_key_that_no_database_can_store_is_no_key(key: str) -> None:
    body = envelope(f"<StaffList><Staff><UUID>{key}</UUID></Staff></StaffList>")
    records = list(RecordReader(STAFF, {}).read([body]))
    assert [one.key for one in records if one.key and len(one.key) > 255] == []
    (bad,) = (one.read({}) for one in records)
    assert isinstance(bad, Unreadable)
    assert bad.key is None


def test_elements_without_number_are_counted_by_name_up_to_a_bound() -> None:
    unknown: dict[str, int] = {}
    strangers = "".join(f"<Shoe{number}/>" for number in range(1_000)) + "<Shoe0/>" + f"<{'x' * 1_000}/>" * 2
    body = envelope(f"<StaffList><Staff><UUID>ana</UUID>{strangers}</Staff></StaffList>")
    assert [one.read(unknown) for one in RecordReader(STAFF, unknown).read([body])] == [Staff(uuid="ana")]
    assert len(unknown) == MOST_UNKNOWN + 1
    assert sum(unknown.values()) == 1_003
    assert unknown["Staff/Shoe0"] == 2
    assert max(map(len, unknown)) <= 255


def test_a_record_may_nest_deeply() -> None:
    deep = "<a>" * 100_000 + "</a>" * 100_000
    body = envelope(f"<StaffList><Staff><UUID>ana</UUID>{deep}</Staff>{BEN}</StaffList>")
    assert read(body, [*range(0, len(body), 65_536)]) == [Staff(uuid="ana"), Staff(uuid="ben")]


@dataclass
class Work:
    """Bytes that were copied or searched."""

    bytes: int = 0


class Weighed(bytes):
    """Bytes that count what is done with them. What is made of them counts, too."""

    work: Work

    def weighing(self, work: Work) -> "Weighed":
        self.work = work
        return self

    def _like(self, made: bytes) -> "Weighed":
        self.work.bytes += len(made)
        return Weighed(made).weighing(self.work)

    def __add__(self, other: bytes) -> "Weighed":  # type: ignore[override]
        return self._like(bytes(self) + bytes(other))

    def __radd__(self, other: bytes) -> "Weighed":
        return self._like(bytes(other) + bytes(self))

    def __getitem__(self, place: slice) -> "Weighed":  # type: ignore[override]
        return self._like(bytes(self)[place])

    def find(self, what: bytes, *where: int) -> int:  # type: ignore[override]
        found = bytes(self).find(what, *where)
        self.work.bytes += (len(self) if found < 0 else found) - (where[0] if where else 0)
        return found


class WeighedCutter(Cutter):
    """Counts the joining of what is held as well."""

    def __init__(self, item: bytes, work: Work) -> None:
        super().__init__(item)
        self.work = work

    def joined(self, chunk: bytes) -> bytes:
        whole = super().joined(chunk)
        self.work.bytes += len(whole)
        return Weighed(whole).weighing(self.work)


def work_for(body: bytes, size: int) -> int:
    """Return how many bytes are copied and searched to cut this body, arriving in chunks of this size."""
    work = Work()
    cutter = WeighedCutter(b"Job", work)
    for at in range(0, len(body), size):
        for around, _ in cutter.cut(Weighed(body[at : at + size]).weighing(work)):
            work.bytes += len(around)
    return work.bytes


ONE_LARGE = b"<Response><Jobs><Job>" + b"<Name>N</Name>" * 50_000
MANY_SMALL = b"<Response><Jobs>" + b"<Job><ID>J</ID></Job>" * 30_000
A_LONG_TAG = b"<Response><Jobs " + b"a" * 700_000
TAGS_WITHOUT_RECORDS = b"<Response><Jobs>" + b"<Shoe/>" * 100_000
ANSWERS = {
    "one large record": ONE_LARGE,
    "many small records": MANY_SMALL,
    "a tag without end": A_LONG_TAG,
    "no records": TAGS_WITHOUT_RECORDS,
}


@pytest.mark.parametrize("size", [512, 64 * 1024], ids=["small chunks", "chunks as they come"])
@pytest.mark.parametrize("body", ANSWERS.values(), ids=ANSWERS)
def test_the_work_of_cutting_grows_like_the_answer(body: bytes, size: int) -> None:
    """Bytes copied and searched, for a quarter of the answer and for all of it. Quadratic work would be four times as
    much for each byte."""
    quarter = work_for(body[: len(body) // 4], size) / (len(body) // 4)
    whole = work_for(body, size) / len(body)
    assert whole < 1.5 * quarter
