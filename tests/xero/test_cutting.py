"""Records are cut out of an answer where that is safe, and parsed as a whole where it is not. Nothing is lost."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.xero.fakes import envelope
from xpm.xero.endpoints import CURRENT_JOBS, STAFF
from xpm.xero.errors import UnreadableAnswer
from xpm.xero.models import Job, Staff
from xpm.xero.records import Unreadable
from xpm.xero.xml.answer import RecordReader
from xpm.xero.xml.cutting import Cut, pieces

ANA, BEN = "<Staff><UUID>ana</UUID></Staff>", "<Staff><UUID>ben</UUID></Staff>"
PARTS = st.sampled_from([
    "<Staff>", "</Staff>", "<Staff/>", "<Staff a='1'>", "<StaffList>", "</StaffList>", "<UUID>", "</UUID>", "ana", " ",
    "\n", "<!-- ", " -->", "<![CDATA[", "]]>", "<?", "?>", "<", ">", "&amp;", "山", "?!", ANA, BEN,
])  # fmt: skip
STRANGE = {
    "a record in a comment": f"<!-- {BEN} -->{ANA}",
    "a record's end in a comment": "<Staff><UUID>ana</UUID><!-- </Staff> --></Staff>",
    "a record's end in a CDATA section": "<Staff><UUID>ana</UUID><Name><![CDATA[</Staff>]]></Name></Staff>",
    "a record in a CDATA section": f"<Note><![CDATA[{BEN}]]></Note>{ANA}",
    "a record in an instruction": f"<?note {BEN}?>{ANA}",
    "a record's end in an instruction": "<Staff><UUID>ana</UUID><?note </Staff> ?></Staff>",
    "a record in a record": f"<Staff><UUID>ana</UUID><Name/>{BEN}</Staff>",
    "a record with an attribute": "<Staff id='1'><UUID>ana</UUID></Staff>",
    "a record in another element": f"<Former>{BEN}</Former>{ANA}",
    "a comment after all": f"{ANA}<!-- {BEN} -->",
}

BROKEN = ["<Staff><UUID>bad</Staff>", "<Staff>&nbsp;<UUID/></Staff>", "<Staff><a:b/></Staff>", "<Staff><!b></Staff>"]


def cut(body: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(body) + 1) for place in places}), len(body)]
    return [body[start:end] for start, end in pairwise(edges)]


def read(body: bytes, places: list[int]) -> list[object]:
    return [sent.read({}) for sent in RecordReader(STAFF, {}).read(cut(body, places))]


def whole_records(records: list[Cut]) -> list[bytes]:
    return [one for one in records if isinstance(one, bytes)]


@given(parts=st.lists(PARTS, max_size=12), places=st.lists(st.integers(0, 400), max_size=6))
def test_cutting_loses_nothing_whatever_the_text_and_the_chunks(parts: list[str], places: list[int]) -> None:
    body = "".join(parts).encode()
    found = [(around, whole_records(records)) for around, records in pieces(cut(body, places), "Staff")]
    whole = b"".join(around + b"".join(records) for around, records in found)
    between_records = re.compile(rb"(?<=</Staff>)\s+")
    assert between_records.sub(b"", whole) == between_records.sub(b"", body)
    for _, records in found:
        assert all(one.startswith(b"<Staff>") and one.endswith(b"</Staff>") for one in records)


def test_adjacent_records_are_cut_out_together() -> None:
    body = envelope(f"<StaffList>\n{ANA}\n  {BEN}\n</StaffList>")
    assert [records for _, records in pieces([body], "Staff") if records] == [[ANA.encode(), BEN.encode()]]


@pytest.mark.parametrize("inside", STRANGE.values(), ids=STRANGE.keys())
@given(places=st.lists(st.integers(0, 400), max_size=4))
def test_text_that_only_looks_like_a_record_is_not_a_record(inside: str, places: list[int]) -> None:
    found = read(envelope(f"<StaffList>{inside}</StaffList>"), places)
    (ana,) = [one for one in found if isinstance(one, Staff)]
    assert all(isinstance(one, Unreadable) and one.key is None for one in found if one is not ana)
    assert ana.uuid == "ana"


def test_a_namespace_declared_on_the_root_applies_to_the_records() -> None:
    body = envelope("<StaffList><Staff><UUID>ana</UUID><Name i:nil='true'/></Staff></StaffList>")
    assert read(body.replace(b"<Response", b"<Response xmlns:i='urn:i'"), []) == [Staff(uuid="ana")]


def test_an_encoding_other_than_utf8_is_read() -> None:
    body = envelope("<StaffList><Staff><UUID>ana</UUID><Name>Ána</Name></Staff></StaffList>").decode()
    declared = f"<?xml version='1.0' encoding='iso-8859-1'?>{body}"
    assert read(declared.encode("latin-1"), []) == [Staff(uuid="ana", name="Ána")]


@pytest.mark.parametrize("bad", BROKEN)
def test_a_malformed_record_is_unreadable_alone(bad: str) -> None:
    ana, unreadable, ben = read(envelope(f"<StaffList>{ANA}{bad}{BEN}</StaffList>"), [])
    assert (ana, ben) == (Staff(uuid="ana"), Staff(uuid="ben"))
    assert isinstance(unreadable, Unreadable)
    assert (unreadable.key, unreadable.payload) == (None, bad)


@pytest.mark.parametrize("bad", BROKEN)
def test_what_is_malformed_outside_the_list_makes_the_answer_unreadable(bad: str) -> None:
    with pytest.raises(UnreadableAnswer, match="not well-formed"):
        read(envelope(f"<Former>{ANA}{bad}</Former><StaffList/>"), [])


def test_a_malformed_record_has_the_key_with_which_it_begins() -> None:
    """Elsewhere, damage may have turned the key of a nested record into the record's own."""
    begins = "<Staff>\n<UUID>bad</UUID><Name></Staff>"
    goes_on = "<Staff><Manage/><UUID>other</UUID></Manager><UUID>bad</UUID></Staff>"
    first, second = read(envelope(f"<StaffList>{begins}{goes_on}</StaffList>"), [])
    assert isinstance(first, Unreadable)
    assert isinstance(second, Unreadable)
    assert (first.key, second.key) == ("bad", None)


def test_a_key_guessed_without_parsing_may_be_wrong_but_the_digest_is_right() -> None:
    inside = "<Job><Former><ID>J2</ID></Former><ID>J1</ID></Job><Job><ID>J2</ID></Job>"
    first, second = RecordReader(CURRENT_JOBS, {}).read([envelope(f"<Jobs>{inside}</Jobs>")])
    assert (first.key, second.key) == ("J2", "J2")
    assert first.digest != second.digest
    assert (first.read({}), second.read({})) == (Job(number="J1"), Job(number="J2"))
