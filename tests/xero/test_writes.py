import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xpm.xero import writes
from xpm.xero.keys import key_of
from xpm.xero.models import Client
from xpm.xero.writes import (
    CLIENT_FIELDS,
    Assignment,
    FieldValue,
    JobDetails,
    Write,
    client_update,
    field_values,
    job_assign,
    job_state,
    job_update,
    timesheet,
)

DECLARATION = b"<?xml version='1.0' encoding='UTF-8'?>\n"
ANY_TEXT = st.text(st.characters(codec=None))  # with halves of characters
DATES = st.dates()
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False)
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def details(**changes: Any) -> JobDetails:  # noqa: ANN401  the fields of JobDetails
    return replace(JobDetails("J000123", "Tax 2026", None, None, None, None, None, None), **changes)


def inside(write: Write) -> str:
    assert write.body.startswith(DECLARATION)
    return write.body.removeprefix(DECLARATION).decode()


def texts(write: Write) -> dict[str, str]:
    return {child.tag: child.text or "" for child in ElementTree.fromstring(write.body)}  # noqa: S314  our own


def test_a_job_update_has_every_element_and_an_empty_one_for_each_value_it_lacks() -> None:
    whole = details(
        description="Two\nlines & <b>",
        start_date=date(2026, 11, 1),
        due_date=date(2026, 11, 30),
        client_order_number="PO 7",
        category_uuid="c-1",
        budget=Decimal("55.00"),
    )
    assert inside(job_update(whole)) == (
        "<Job><ID>J000123</ID><Name>Tax 2026</Name><Description>Two\nlines &amp; &lt;b&gt;</Description>"
        "<StartDate>20261101</StartDate><DueDate>20261130</DueDate><ClientNumber>PO 7</ClientNumber>"
        "<CategoryUUID>c-1</CategoryUUID><Budget>55.00</Budget></Job>"
    )
    assert inside(job_update(details())) == (
        "<Job><ID>J000123</ID><Name>Tax 2026</Name><Description/><StartDate/><DueDate/><ClientNumber/><Budget/></Job>"
    )


def test_a_state_is_written_by_its_code() -> None:
    assert inside(job_state("J1", "u-1", "INPROGRESS")) == (
        "<Job><ID>J1</ID><UUID>u-1</UUID><State>INPROGRESS</State></Job>"
    )
    assert inside(job_state("J1", None, "PLANNED")) == "<Job><ID>J1</ID><State>PLANNED</State></Job>"


@pytest.mark.parametrize(
    ("manager", "partner", "expected"),
    [
        (Assignment.to("s-1"), Assignment.LEAVE, '<add-manager uuid="s-1"/>'),
        (Assignment.LEAVE, Assignment.REMOVE, "<remove-partner/>"),
        (Assignment.REMOVE, Assignment.to("s-2"), '<remove-manager/><add-partner uuid="s-2"/>'),
    ],
)
def test_an_assignment_names_only_the_roles_that_change(
    manager: Assignment, partner: Assignment, expected: str
) -> None:
    write = job_assign("J1", "u-1", manager=manager, partner=partner)
    assert inside(write) == f"<Job><ID>J1</ID><UUID>u-1</UUID>{expected}</Job>"


@pytest.mark.parametrize(
    ("element", "value", "expected"),
    [
        ("Text", "Audit", "<Text>Audit</Text>"),
        ("Text", None, "<Text/>"),
        ("Date", date(2026, 11, 1), "<Date>20261101</Date>"),
        ("Date", None, "<Date/>"),
        ("Number", Decimal("3.00"), "<Number>3</Number>"),
        ("Number", Decimal("3E2"), "<Number>300</Number>"),
        ("Number", Decimal("-0.0"), "<Number>0</Number>"),
        ("Number", None, "<Number/>"),
        ("Decimal", Decimal("12.50"), "<Decimal>12.50</Decimal>"),
        ("Decimal", Decimal("1E+3"), "<Decimal>1000</Decimal>"),
        ("Boolean", True, "<Boolean>true</Boolean>"),
        ("Boolean", False, "<Boolean>false</Boolean>"),
        ("Boolean", None, "<Boolean>false</Boolean>"),
    ],
)
def test_a_custom_field_is_written_in_the_element_of_its_definition(element: str, value: Any, expected: str) -> None:  # noqa: ANN401
    write = field_values("client", "c-1", [FieldValue("d-1", element, value)])
    assert inside(write) == (f"<CustomFields><CustomField><UUID>d-1</UUID>{expected}</CustomField></CustomFields>")


def test_all_fields_of_a_record_are_one_call_to_its_own_endpoint() -> None:
    values = [FieldValue("d-1", "Text", "a"), FieldValue("d-2", "Text", "b")]
    of_job, of_client = field_values("job", "J1", values), field_values("client", "c-1", values)
    assert (of_job.endpoint, of_job.key) == (writes.JOB_FIELD_VALUES, "J1")
    assert (of_client.endpoint, of_client.key) == (writes.CLIENT_FIELD_VALUES, "c-1")
    assert of_job.body == of_client.body
    assert of_job.body.count(b"<CustomField>") == 2


def test_a_client_update_names_references_and_the_website_as_requests_do() -> None:
    changes: dict[str, str | date | Decimal | bool | None] = {
        "billing_client_uuid": "c-2",
        "website": "https://harbour.example",
        "account_manager_uuid": "s-1",
        "job_manager_uuid": None,
        "prepare_gst": False,
        "date_of_birth": date(970, 1, 2),
        "gst_period": "2 Monthly",
    }
    assert texts(client_update("c-1", changes)) == {
        "UUID": "c-1",
        "WebSite": "https://harbour.example",
        "AccountManagerUUID": "s-1",
        "JobManagerUUID": "",
        "BillingClientUUID": "c-2",
        "PrepareGST": "No",
        "DateOfBirth": "09700102",
        "GSTPeriod": "2",
    }


def test_every_field_that_may_be_written_is_a_field_of_a_client() -> None:
    readable = set(Client.model_fields) | {
        f"{name}_uuid" for name in ("account_manager", "job_manager", "billing_client")
    }
    assert readable >= set(CLIENT_FIELDS)


@pytest.mark.parametrize(
    "name",
    ["tax_number", "bank_account_number", "is_archived", "is_prospect", "is_deleted", "uuid", "notes", "Name", ""],
)
def test_a_field_that_must_not_be_written_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        client_update("c-1", {"name": "Harbour", name: "***123"})


@pytest.mark.parametrize(
    "build",
    [
        lambda: job_update(details(number=" ")),
        lambda: job_state("", "u-1", "PLANNED"),
        lambda: job_assign("J1", "u-1"),
        lambda: job_assign("J1", "u-1", manager=Assignment.to(" ")),
        lambda: client_update("", {"name": "x"}),
        lambda: client_update("c-1", {}),
        lambda: field_values("job", "J1", []),
        lambda: field_values("job", "J1", [FieldValue("d-1", "Text", "a"), FieldValue("d-1", "Text", "b")]),
        lambda: field_values("job", "J1", [FieldValue("d-1", "Link", "a")]),
        lambda: field_values("job", "J1", [FieldValue("d-1", "Date", "20261101")]),
        lambda: field_values("job", "J1", [FieldValue("d-1", "Date", datetime(2026, 11, 1, 9))]),  # noqa: DTZ001
        lambda: field_values("job", "J1", [FieldValue("d-1", "Text", date(2026, 11, 1))]),
        lambda: field_values("job", "J1", [FieldValue("d-1", "Number", Decimal("1.5"))]),
        lambda: field_values("job", "J1", [FieldValue("d-1", "Number", True)]),
        lambda: field_values("job", "J1", [FieldValue("d-1", "Decimal", Decimal("NaN"))]),
        lambda: job_update(details(budget=Decimal("-Infinity"))),
        lambda: job_update(details(budget=Decimal("1E+999999999"))),
    ],
)
def test_what_xpm_cannot_hold_is_refused_before_anything_is_sent(build: Callable[[], Write]) -> None:
    with pytest.raises(ValueError, match=r"."):
        build()


WRITERS_OF_TEXT: list[tuple[Callable[[str], Write], str]] = [
    (lambda text: job_update(details(description=text)), "Description"),
    (lambda text: job_state("J1", "u-1", text), "State"),
    (lambda text: client_update("c-1", {"postal_address": text}), "PostalAddress"),
    (lambda text: timesheet("J1", "t-1", "s-1", date(2026, 11, 3), 60, text), "Note"),
]


@pytest.mark.parametrize(("build", "element"), WRITERS_OF_TEXT)
@given(text=ANY_TEXT)
@example(text="\r\n \t]]>&amp;<![CDATA[")
@example(text="\x85\u2028\ufffd\U0001fffe")
@example(text="\ufffe")
@example(text="a\x00b")
@example(text="\ud800")
def test_any_text_arrives_as_it_is_or_is_refused(build: Callable[[str], Write], element: str, text: str) -> None:
    if NO_XML.search(text):
        with pytest.raises(ValueError, match=f"^{element} has a character that XML forbids.$"):
            build(text)
    else:
        assert texts(build(text))[element] == text


@given(text=ANY_TEXT.filter(lambda text: text.strip() and not NO_XML.search(text)))
def test_any_text_arrives_as_an_attribute(text: str) -> None:
    order = ElementTree.fromstring(job_assign("J1", None, manager=Assignment.to(text)).body)[1]  # noqa: S314
    assert order.get("uuid") == text


@given(first=DATES, budget=AMOUNTS)
def test_dates_have_eight_digits_and_amounts_no_exponent(first: date, budget: Decimal) -> None:
    try:
        written = texts(job_update(details(start_date=first, budget=budget)))
    except ValueError:
        assert abs(budget.adjusted()) > 900 or abs(int(budget.as_tuple().exponent)) > 900
        return
    assert re.fullmatch(r"\d{8}", written["StartDate"])
    assert datetime.strptime(written["StartDate"], "%Y%m%d").date() == first  # noqa: DTZ007
    assert re.fullmatch(r"-?\d+(\.\d+)?", written["Budget"])
    assert Decimal(written["Budget"]) == budget


def test_time_may_be_negative_and_need_no_note() -> None:
    assert inside(timesheet("J1", "t-1", "s-1", date(2026, 11, 3), -30)) == (
        "<Timesheet><Job>J1</Job><TaskUUID>t-1</TaskUUID><StaffUUID>s-1</StaffUUID><Date>20261103</Date>"
        "<Minutes>-30</Minutes><Note/></Timesheet>"
    )


def test_a_write_shows_its_digest_and_never_its_body() -> None:
    write = timesheet("J1", "t-1", "s-1", date(2026, 11, 3), 60, "about their divorce")
    assert write.digest == sha256(write.body).hexdigest()
    assert "divorce" not in repr(write)
    assert timesheet("J1", "t-1", "s-1", date(2026, 11, 3), 60, "about their divorce").digest == write.digest


def test_every_write_needs_a_write_scope_and_says_what_its_key_names() -> None:
    assert len({one.label for one in writes.ENDPOINTS}) == len(writes.ENDPOINTS) == 7
    for one in writes.ENDPOINTS:
        assert one.scope == f"practicemanager.{one.label.split('.')[0]}"
        assert key_of(one.label) == one.key_of == ("client" if one.label.startswith("client") else "job")
