from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.xero.fakes import envelope
from tests.xero.rendering import Draw, records, render
from xpm.xero import endpoints
from xpm.xero.endpoints import CLIENTS, CURRENT_JOBS, JOB, STAFF, Endpoint
from xpm.xero.errors import NotFound, Refused, UnreadableAnswer
from xpm.xero.models import Client, Job, Staff, XpmRecord
from xpm.xero.records import LeftOut, PartlyRead, Unreadable, read_already
from xpm.xero.xml.answer import RecordReader
from xpm.xero.xml.record import PARSED_TOGETHER, read_each, sent

EVERY_LIST = [
    CLIENTS,
    CURRENT_JOBS,
    STAFF,
    endpoints.CLIENT_GROUPS,
    endpoints.JOB_CATEGORIES,
    endpoints.CUSTOM_FIELD_DEFINITIONS,
    endpoints.JOB_FIELD_VALUES,
]
thorough = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(endpoint: Endpoint[Any], *chunks: bytes) -> list[Any]:
    return [sent.read({}) for sent in RecordReader(endpoint, {}).read(chunks)]


def cut(body: bytes, places: list[int]) -> Iterator[bytes]:
    edges = [0, *sorted({place % (len(body) + 1) for place in places}), len(body)]
    return (body[start:end] for start, end in pairwise(edges))


def written(draw: Draw, endpoint: Endpoint[Any], content: list[XpmRecord]) -> bytes:
    inside = "".join(render(draw, record, endpoint.item) for record in content)
    return envelope(f"<{endpoint.container}>{inside}</{endpoint.container}>")


@pytest.mark.parametrize("endpoint", EVERY_LIST, ids=lambda endpoint: endpoint.label)
@given(data=st.data())
@thorough
def test_records_are_read_back_equal_in_any_order_spelling_and_chunking(
    endpoint: Endpoint[Any], data: st.DataObject
) -> None:
    content = data.draw(st.lists(records(endpoint.model), max_size=2))
    body = written(data.draw, endpoint, content)
    places = data.draw(st.lists(st.integers(0, 10_000), max_size=6))
    assert [sent.read({}) for sent in RecordReader(endpoint, {}).read(cut(body, places))] == content


@given(data=st.data())
@thorough
def test_a_digest_does_not_depend_on_how_the_answer_is_chunked(data: st.DataObject) -> None:
    body = written(data.draw, CURRENT_JOBS, data.draw(st.lists(records(Job), max_size=2)))
    places = data.draw(st.lists(st.integers(0, 10_000), max_size=6))
    whole, pieces = RecordReader(CURRENT_JOBS, {}).read([body]), RecordReader(CURRENT_JOBS, {}).read(cut(body, places))
    assert [sent.digest for sent in whole] == [sent.digest for sent in pieces]


@thorough
@given(data=st.data())
def test_reading_records_together_equals_reading_them_one_by_one(data: st.DataObject) -> None:
    few = st.integers(1, 3)
    names = data.draw(st.lists(st.text("ab<&ā", max_size=3), max_size=2 * PARSED_TOGETHER + 1))
    bodies = [f"<UUID>{number}</UUID><Name>{escape(name)}</Name>" for number, name in enumerate(names)]
    odd = [body + "<Odd/>" * data.draw(few) if number % 7 == 0 else body for number, body in enumerate(bodies)]
    together = [sent(STAFF, f"<Staff>{body}</Staff>".encode()) for body in odd]
    for place in data.draw(st.lists(st.integers(0, len(together)), max_size=1)):
        together.insert(place, read_already(Staff(uuid="read already")))
    known, unknown = dict[str, int](), dict[str, int]()
    assert list(read_each(together, unknown)) == [one.read(known) for one in together]
    assert unknown == known


@pytest.mark.parametrize("broken", ["<Staff><UUID>ben</Staff>", "<Staff/><Staff/>", "<Staff>", "</row><row>", ""])
def test_an_incomplete_element_is_unreadable_also_when_read_with_others(broken: str) -> None:
    texts = ["<Staff><UUID>ana</UUID></Staff>", broken, "<Staff><UUID>cleo</UUID></Staff>"]
    ana, bad, cleo = read_each([sent(STAFF, text.encode()) for text in texts], {})
    assert (ana, cleo) == (Staff(uuid="ana"), Staff(uuid="cleo"))
    assert bad == Unreadable(None, "is not well-formed XML", broken)


def test_records_with_different_bytes_have_different_digests_and_their_keys() -> None:
    contents = ["", "<Name/>", "<Name>A</Name>", "<Name>B</Name>", "<Name>A</Name><Shoe/>", "<Shoe/><Name>A</Name>"]
    inside = "".join(f"<Staff><UUID>1</UUID>{content}</Staff>" for content in contents)
    sent = list(RecordReader(STAFF, {}).read([envelope(f"<StaffList>{inside}</StaffList>")]))
    assert len({one.digest for one in sent}) == len(contents)
    assert {one.key for one in sent} == {"1"}


@given(data=st.data())
@thorough
def test_a_truncated_body_is_unreadable_wherever_it_is_cut(data: st.DataObject) -> None:
    content = data.draw(st.lists(records(Staff), min_size=1, max_size=3))
    body = written(data.draw, STAFF, content)
    length = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(UnreadableAnswer):
        read(STAFF, body[:length])


def test_a_list_truncated_at_any_byte_is_unreadable() -> None:
    body = envelope("<StaffList><Staff><UUID>1</UUID></Staff><Staff><UUID>2</UUID></Staff></StaffList>")
    for length in range(len(body)):
        with pytest.raises(UnreadableAnswer):
            read(STAFF, body[:length])
    assert len(read(STAFF, body)) == 2


def test_a_list_can_arrive_one_byte_at_a_time() -> None:
    body = envelope("<StaffList><Staff><UUID>1</UUID><Name>Mere Tāne &amp; Co 山田</Name></Staff></StaffList>")
    (staff,) = read(STAFF, *(body[at : at + 1] for at in range(len(body))))
    assert staff.name == "Mere Tāne & Co 山田"


def test_a_record_is_yielded_before_the_rest_has_arrived() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"<Response><Status>OK</Status><StaffList><Staff><UUID>1</UUID></Staff>"
        raise AssertionError("the first record should have been handed on")

    assert next(RecordReader(STAFF, {}).read(chunks())).read({}) == Staff(uuid="1")


@pytest.mark.parametrize("empty", ["<StaffList/>", "<StaffList></StaffList>", "<StaffList>\n  </StaffList>"])
def test_an_empty_container_is_an_empty_list(empty: str) -> None:
    assert read(STAFF, envelope(empty)) == []


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "is empty"),
        (b"  \r\n ", "is empty"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "is HTML"),
        (b"\xef\xbb\xbf<HTML><body>Sign in</body></HTML>", "is HTML"),
        (b'{"clients": []}', "is JSON"),
        (b"The Organisation is offline", "is text"),
        (envelope(""), "has no StaffList"),
        (envelope("<Clients><Client><UUID>1</UUID></Client></Clients>"), "has no StaffList"),
        (envelope("<Other><StaffList/></Other>"), "has no StaffList"),
        (b"<Response><StaffList/></Response>", "has no Status"),
        (b"<Other><Status>OK</Status><StaffList/></Other>", "has the root Other instead of Response"),
        (b"<Response><Status>OK</Status><StaffList></Response>", "not well-formed"),
        (envelope("<StaffList/>") + b"<Response/>", "not well-formed"),
        (envelope("<StaffList>\x00</StaffList>"), "not well-formed"),
        (b"<StaffList><Staff><UUID>1</UUID></Staff></StaffList>", "has no Status"),
    ],
)
def test_an_answer_that_is_not_a_complete_list_is_unreadable_not_empty(body: bytes, what: str) -> None:
    with pytest.raises(UnreadableAnswer, match=what):
        read(STAFF, body)


@pytest.mark.parametrize("entity", ['"1"', 'SYSTEM "file:///etc/passwd"'])
def test_a_document_type_with_entities_is_refused(entity: str) -> None:
    record = "<Staff><UUID>&e;</UUID><Name>&e;</Name></Staff>"
    body = envelope(f"<StaffList>{record}</StaffList>")
    with pytest.raises(UnreadableAnswer, match="document type"):
        read(STAFF, f"<!DOCTYPE Response [<!ENTITY e {entity}>]>".encode() + body)


def test_a_document_type_without_entities_is_refused() -> None:
    with pytest.raises(UnreadableAnswer, match="document type"):
        read(STAFF, b"<!DOCTYPE Response []>" + envelope("<StaffList/>"))


def test_an_xml_declaration_and_a_byte_order_mark_are_accepted() -> None:
    body = b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\r\n" + envelope("<StaffList/>")
    assert read(STAFF, body) == []


def test_comments_and_whitespace_between_elements_are_ignored() -> None:
    body = envelope("<StaffList>\n <!-- two --> <Staff>\n<UUID>a<!-- b -->b</UUID> <Name>\n</Name></Staff></StaffList>")
    assert read(STAFF, body) == [Staff(uuid="ab")]


@pytest.mark.parametrize(
    ("description", "kind"),
    [
        ("Invalid job identifier", NotFound),
        ("Invalid client/contact identifier", NotFound),
        ("Invalid staff identifier for add request", NotFound),
        ("Invalid state code", Refused),
        ("", Refused),
    ],
)
def test_an_error_envelope_raises_with_xeros_description(description: str, kind: type[Refused]) -> None:
    body = envelope(f"<ErrorDescription>{description}</ErrorDescription>", status="ERROR")
    with pytest.raises(Refused) as caught:
        read(STAFF, body)
    assert type(caught.value) is kind
    assert caught.value.description == (description or None)


def test_an_error_in_json_is_recognised_although_xml_was_requested() -> None:
    with pytest.raises(NotFound):
        read(JOB, b'{"status":"ERROR","errorDescription":"Invalid job identifier"}')


def test_a_single_record_is_read_directly_under_the_root() -> None:
    assert read(JOB, envelope("<Job><ID>J1</ID><Client><UUID>c</UUID></Client></Job>"))[0].client.uuid == "c"


def test_the_web_url_beside_a_single_record_belongs_to_it() -> None:
    body = envelope("<WebUrl>https://pm.example/J1</WebUrl><Job><ID>J1</ID></Job>")
    assert read(JOB, body) == [Job(number="J1", web_url="https://pm.example/J1")]


def test_an_answer_without_its_single_record_is_unreadable() -> None:
    with pytest.raises(UnreadableAnswer, match="has no Job"):
        read(JOB, envelope(""))


def test_a_bad_part_is_left_out_and_a_record_without_its_key_is_unreadable() -> None:
    body = envelope(
        "<Jobs><Job><ID>J1</ID></Job>"
        "<Job><ID>J2</ID><StartDate>31/31/2024</StartDate><Tasks><Task><Name>secret</Name></Task></Tasks></Job>"
        "<Job><Name>no number</Name></Job><Job/><Job><ID>J5</ID></Job></Jobs>"
    )
    first, second, third, fourth, fifth = read(CURRENT_JOBS, body)
    assert (first.number, fifth.number) == ("J1", "J5")
    assert isinstance(second, PartlyRead)
    assert second.record == Job(number="J2")
    assert second.left_out == (LeftOut("start_date"), LeftOut("tasks"))
    assert "StartDate" in second.reason
    assert "Tasks.0.UUID" in second.reason
    assert "secret" not in second.reason
    assert second.payload.startswith("<Job><ID>J2</ID>")
    assert second.payload.endswith("</Job>")
    assert isinstance(third, Unreadable)
    assert third.key is None
    assert isinstance(fourth, Unreadable)


def test_the_reason_of_an_unreadable_record_stays_short() -> None:
    tasks = "<Task><Name>x</Name></Task>" * 5_000
    (record,) = read(CURRENT_JOBS, envelope(f"<Jobs><Job><ID>J1</ID><Tasks>{tasks}</Tasks></Job></Jobs>"))
    assert len(record.reason) < 400
    assert "4995 more" in record.reason


def test_unknown_elements_are_counted_by_their_path() -> None:
    unknown: dict[str, int] = {}
    body = envelope(
        "<Jobs><Job><ID>1</ID><New>x</New><Tasks><Task><UUID>t</UUID><New/></Task><Odd/></Tasks></Job>"
        "<Job><ID>2</ID><New/></Job></Jobs>"
    )
    [sent.read(unknown) for sent in RecordReader(CURRENT_JOBS, unknown).read([body])]
    assert unknown == {"Job/New": 2, "Job/Tasks/Task/New": 1, "Job/Tasks/Odd": 1}


def test_a_list_with_only_unknown_elements_is_unreadable_not_empty() -> None:
    with pytest.raises(UnreadableAnswer, match="without any Staff"):
        read(STAFF, envelope("<StaffList><StaffMember><UUID>1</UUID></StaffMember></StaffList>"))


def test_unknown_elements_between_records_are_counted() -> None:
    unknown: dict[str, int] = {}
    body = envelope("<StaffList><Total>1</Total><Staff><UUID>1</UUID></Staff><Robot/><Robot/></StaffList>")
    assert [sent.read(unknown) for sent in RecordReader(STAFF, unknown).read([body])] == [Staff(uuid="1")]
    assert unknown == {"StaffList/Total": 1, "StaffList/Robot": 2}


def test_text_inside_markup_is_kept() -> None:
    (job,) = read(CURRENT_JOBS, envelope("<Jobs><Job><ID>1</ID><Name>a <b>bold</b> job</Name></Job></Jobs>"))
    assert job.name == "a bold job"


def test_records_outside_the_container_are_not_read() -> None:
    body = envelope("<Staff><UUID>0</UUID></Staff><StaffList><Staff><UUID>1</UUID></Staff></StaffList>")
    assert read(STAFF, body) == [Staff(uuid="1")]


@pytest.mark.parametrize("flag", ["", "<IsArchived/>", "<IsArchived>No</IsArchived>"])
def test_a_client_is_archived_only_if_xero_says_so(flag: str) -> None:
    (client,) = read(CLIENTS, envelope(f"<Clients><Client><UUID>1</UUID>{flag}</Client></Clients>"))
    assert client == Client(uuid="1", is_archived=False)


def test_memory_does_not_grow_with_the_number_of_records() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"<Response><Status>OK</Status><StaffList>"
        for number in range(3_000):
            yield f"<Staff><UUID>{number}</UUID><Name>{'x' * 1_000}</Name></Staff>".encode()
        yield b"</StaffList></Response>"

    reader = RecordReader(STAFF, {})
    held = [len(reader._home) for _ in reader.read(chunks()) if reader._home is not None]
    assert len(held) == 3_000
    assert max(held) <= 2
