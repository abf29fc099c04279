"""The Practice Activity page: filter, search, pages, export."""

import csv
from io import StringIO

import pytest

from console.history import A_PAGE, AT_ONCE
from tests.console.office import HARBOUR, MERE, Office, text_of
from xpm.activity.log import record
from xpm.store.vocabulary import Topic
from xpm.words import message

PAGE = f"/practices/{HARBOUR}/activity"


def requested(office: Office, what: str, by: str | None = None) -> None:
    office.happened("sync.requested", by=by, entities=what)


def exported(office: Office, **filters: str) -> list[list[str]]:
    answer = office.get(PAGE, format="csv", **filters)
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.reader(StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_newest_entry_comes_first_with_cause_next_step_and_run(office: Office) -> None:
    run_id = office.runs.add(HARBOUR)
    requested(office, "jobs")
    office.happened("consent.declined", by=MERE, run=run_id)
    shown = office.get(PAGE).text
    assert shown.index("Access was not allowed in Xero") < shown.index("A sync of jobs was requested")
    assert "Somebody pressed Cancel" in shown
    assert "Start again and click Allow Access." in shown
    assert MERE in shown
    assert f'href="/runs/{run_id}"' in shown


@pytest.mark.parametrize(("run", "topic"), [("9d35d7a9-6683-4e71-b8df-6ce4ab8bcff2", Topic.PUSH), ("the demo", None)])
def test_no_entry_leads_to_a_run_that_has_no_page(office: Office, run: str, topic: Topic | None) -> None:
    with office.integration.database.write() as session:
        said = message("push.nothing", practice="Harbour & Vale")
        record(session, HARBOUR, said, now=office.integration.clock(), topic=topic, flow_run_id=run)
    shown = office.get(PAGE).text
    assert "Harbour &amp; Vale has no edits to send" in shown
    assert "/runs/" not in shown


def test_a_filter_shows_only_one_status(office: Office) -> None:
    requested(office, "jobs")
    office.happened("consent.declined")
    shown = text_of(office.get(PAGE, status="Action Required"))
    assert "Access was not allowed in Xero" in shown
    assert "A sync of jobs" not in shown


@pytest.mark.parametrize("search", ["CLIENTS", "ana@office", "%"])
def test_a_search_finds_text_anywhere_in_any_letter_case(office: Office, search: str) -> None:
    requested(office, "clients and 100%", by="ana@office.example")
    requested(office, "jobs")
    shown = text_of(office.get(PAGE, search=search))
    assert "A sync of clients and 100% was requested" in shown
    assert "A sync of jobs was requested" not in shown


def test_a_search_without_a_hit_says_so(office: Office) -> None:
    assert "No entry matches" in office.get(PAGE, search="zebra").text


def test_older_entries_of_a_search_follow_page_by_page(office: Office) -> None:
    for number in range(A_PAGE + 3):
        requested(office, f"clients {number:03}")
    requested(office, "jobs")
    first = office.get(PAGE, search="clients").text
    older = first.split('">Older entries')[0].rpartition('href="')[2].replace("&amp;", "&")
    assert "search=clients" in older
    second = office.get(f"{PAGE}{older}").text
    assert [f"clients {number:03}" in first for number in (52, 3, 2)] == [True, True, False]
    assert [f"clients {number:03}" in second for number in (52, 3, 2, 0)] == [False, False, True, True]
    assert "Older entries" not in second
    assert "Newest entries" in second


@pytest.mark.parametrize("query", ["before=abc", "before=-1", "before=" + "9" * 40, "status=Great", "before=²"])
def test_an_invalid_query_is_ignored(office: Office, query: str) -> None:
    requested(office, "jobs")
    answer = office.get(f"{PAGE}?{query}")
    assert answer.status_code == 200
    assert "A sync of jobs was requested" in answer.text


def test_the_export_has_every_matching_entry_in_the_practices_time_zone(office: Office) -> None:
    for number in range(AT_ONCE + 2):
        requested(office, f"clients {number}")
    office.happened("consent.declined", by=MERE)
    everything = exported(office)
    assert everything[0] == ["Time (Sydney time)", "Status", "What happened", "Cause", "Next step", "Person", "Run"]
    assert len(everything) == 1 + AT_ONCE + 2 + 1
    header, declined = exported(office, status="Action Required")
    assert declined[1:3] == ["Action Required", "Access was not allowed in Xero"]
    assert declined[5] == MERE
    assert len(header) == len(declined)


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_of_an_export_is_a_formula(office: Office, start: str) -> None:
    office.happened("preflight.user_unknown", email=f"{start}HYPERLINK(1)", practice="Harbour", by=f"{start}1+1")
    (_, row) = exported(office)
    assert row[2].startswith(f"'{start}HYPERLINK(1)")
    assert row[5] == f"'{start}1+1"
