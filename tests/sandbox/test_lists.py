"""What each XPM list includes and omits, and its parameters."""

import re
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.world import HARBOUR_VALE
from tests.sandbox.xero_app import XeroApp, read


def test_an_answer_is_xml_in_an_envelope_that_names_its_method(demo_app: XeroApp) -> None:
    answer = demo_app.xpm("category.api/list")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.text.startswith('<Response api-method="List"><Status>OK</Status><Categories><Category><UUID>')


def test_detailed_adds_only_notes_groups_and_relationships_to_clients(demo_app: XeroApp) -> None:
    plain = {read(item)["UUID"]: read(item) for item in demo_app.items("client.api/list", "Client")}
    for item in demo_app.items("client.api/list", "Client", detailed="true"):
        full = read(item)
        assert {name: full[name] for name in full if name not in {"Notes", "Groups", "Relationships"}} == plain[
            full["UUID"]
        ]


def test_the_client_list_includes_archived_and_deleted_clients_with_their_flags(demo_app: XeroApp) -> None:
    listed = [read(item) for item in demo_app.items("client.api/list", "Client")]
    assert {row["IsArchived"] for row in listed} == {"Yes", "No"}
    assert {row["IsDeleted"] for row in listed} == {"Yes", "No"}


def test_the_client_list_ignores_page_and_pagesize(demo_app: XeroApp) -> None:
    assert demo_app.xpm("client.api/list", page=2, pagesize=5).content == demo_app.xpm("client.api/list").content


def test_the_paged_list_gives_each_active_client_once_and_its_last_page_has_no_next(demo_app: XeroApp) -> None:
    query: dict[str, str] = {"pageSize": "100"}
    seen: list[str] = []
    while True:
        root = demo_app.xml("client.api/paged-list", **query)
        page = [read(item) for item in root.findall("./Clients/Client")]
        assert len(page) <= 100
        assert not {"Contacts", "Notes", "Groups", "Relationships"} & {name for row in page for name in row}
        seen += [row["UUID"] for row in page]
        following = root.findtext("./Pagination/Links/Next")
        assert root.findtext("./Pagination/Links/First")
        if following is None:
            break
        query = dict(parse_qsl(urlsplit(following).query))
        assert set(query) == {"pageSize", "pageToken"}
    active = [row["UUID"] for row in demo_app.truth("clients") if "Yes" not in {row["IsArchived"], row["IsDeleted"]}]
    assert seen == active


def test_a_page_has_50_clients_by_default_and_at_most_500(demo_app: XeroApp) -> None:
    assert len(demo_app.items("client.api/paged-list", "Client")) == 50
    for wrong in ("0", "501", "many"):
        assert demo_app.xpm("client.api/paged-list", pageSize=wrong).status_code == 400
    assert demo_app.xpm("client.api/paged-list", pageToken="%%%").status_code == 400


def test_a_page_token_stays_valid_when_records_change_between_pages(app: XeroApp) -> None:
    root = app.xml("client.api/paged-list", pageSize=2)
    first = [item.findtext("UUID") for item in root.findall("./Clients/Client")]
    following = dict(parse_qsl(urlsplit(root.findtext("./Pagination/Links/Next") or "").query))
    expected = [item.findtext("UUID") for item in app.items("client.api/paged-list", "Client", **following)]
    app.control("DELETE", f"tenants/{HARBOUR_VALE}/records/clients/{first[0]}")
    assert [item.findtext("UUID") for item in app.items("client.api/paged-list", "Client", **following)] == expected


def test_contacts_are_paged_and_appear_once_without_deleted_ones(demo_app: XeroApp) -> None:
    contacts = [read(item) for item in demo_app.items("client.api/contacts", "Contact", pageSize=500)]
    uuids = [row["UUID"] for row in contacts]
    assert len(uuids) == len(set(uuids))
    assert {row.get("IsDeleted") for row in contacts} == {"No"}
    assert len(demo_app.items("client.api/contacts", "Contact", pageSize=7)) == 7


def test_clients_share_some_contacts(demo_app: XeroApp) -> None:
    held = [contact["UUID"] for client in demo_app.truth("clients") for contact in client["Contacts"]]
    assert len(set(held)) < len(held)


def test_modifiedsince_gives_only_clients_edited_since_then(app: XeroApp) -> None:
    clock = app.server.world.clock
    clock.advance(60)
    since = f"{clock.now():%Y-%m-%dT%H:%M:%S}"
    clock.advance(60)
    assert app.items("client.api/list", "Client", modifiedsince=since) == []
    changed, other = (row["UUID"] for row in app.truth("clients")[:2])
    records = f"tenants/{HARBOUR_VALE}/records"
    app.control("PATCH", f"{records}/clients/{changed}", {"Phone": "1"})
    field = next(row for row in app.truth("custom_field_definitions") if row["UseClient"] == "true")
    value = {"UUID": field["UUID"], field["ValueElement"]: "edited"}
    app.control("PATCH", f"{records}/custom_field_values/{other}", {"values": [value]})
    found = app.items("client.api/list", "Client", modifiedsince=since, detailed="true")
    assert [item.findtext("UUID") for item in found] == [changed]
    assert app.xpm("client.api/list", modifiedsince="yesterday").status_code == 400


def test_the_job_list_requires_from_and_to_less_than_a_year_apart(demo_app: XeroApp) -> None:
    def complaint(**query: str) -> str:
        answer = demo_app.xpm("job.api/list", **query)
        assert answer.status_code == 400
        found = re.search("<ErrorDescription>(.*)</ErrorDescription>", answer.text)
        assert found
        return found.group(1)

    assert "'from'" in complaint()
    assert "'to'" in complaint(**{"from": "20240101"})
    assert "less than one year" in complaint(**{"from": "20240101", "to": "20241231"})
    assert "not a valid date" in complaint(**{"from": "2024-01-01", "to": "20240201"})
    assert demo_app.xpm("job.api/list", **{"from": "20240101", "to": "20241230"}).status_code == 200


def test_a_date_range_includes_both_its_days(app: XeroApp) -> None:
    app.http.post(
        f"/sandbox/tenants/{HARBOUR_VALE}/records/jobs?created=2019-03-05", json={"ID": "OLD1", "Name": "Old"}
    ).raise_for_status()

    def numbers(first: str, last: str) -> list[str | None]:
        return [item.findtext("ID") for item in app.items("job.api/list", "Job", **{"from": first, "to": last})]

    assert numbers("20190305", "20190305") == ["OLD1"]
    assert numbers("20190306", "20190401") == []
    assert numbers("20190201", "20190304") == []


def test_current_jobs_are_all_jobs_not_in_a_closed_state_however_old(demo_app: XeroApp) -> None:
    current = [read(item) for item in demo_app.items("job.api/current", "Job", detailed="true")]
    truth = demo_app.truth("jobs")
    closed = {"Completed", "Cancelled", "Written off & closed"}
    assert {row["ID"] for row in current} == {row["ID"] for row in truth if row["State"] not in closed}
    oldest = f"{demo_app.server.world.clock.today() - timedelta(days=3 * 365)}"
    assert any(row["StartDate"] < oldest for row in current)


def test_jobs_that_are_not_detailed_have_no_tasks_milestones_or_notes(demo_app: XeroApp) -> None:
    names = {name for item in demo_app.items("job.api/current", "Job") for name in read(item)}
    assert not names & {"Tasks", "Milestones", "Notes"}
    assert {"ID", "UUID", "Client", "Assigned"} <= names


def test_the_jobs_of_a_client_are_listed_in_any_state(demo_app: XeroApp) -> None:
    truth = [row for row in demo_app.truth("jobs") if row["Client"]]
    client = max((row["Client"]["UUID"] for row in truth), key=[row["Client"]["UUID"] for row in truth].count)
    found = [item.findtext("ID") for item in demo_app.items(f"job.api/client/{client}", "Job")]
    assert found == [row["ID"] for row in truth if row["Client"]["UUID"] == client]


@pytest.mark.parametrize(
    ("path", "description"),
    [
        ("job.api/get/NOPE", "Invalid job identifier"),
        ("job.api/get/NOPE/customfield", "Invalid job identifier"),
        ("client.api/get/NOPE", "Invalid client/contact identifier"),
        ("job.api/client/NOPE", "Invalid client/contact identifier"),
        ("staff.api/get/NOPE", "Invalid staff identifier"),
        ("clientgroup.api/get/NOPE", "Invalid client group identifier"),
        ("customfield.api/get/NOPE", "Invalid custom field identifier"),
    ],
)
def test_an_unknown_key_gets_an_error_with_status_200(demo_app: XeroApp, path: str, description: str) -> None:
    root = demo_app.xml(path)
    assert (root.findtext("Status"), root.findtext("ErrorDescription")) == ("ERROR", description)


def test_a_job_number_with_a_space_works_when_escaped(demo_app: XeroApp) -> None:
    number = next(row["ID"] for row in demo_app.truth("jobs") if " " in row["ID"])
    assert read(demo_app.xml(f"job.api/get/{number}")[1])["ID"] == number


def test_empty_elements_take_all_three_forms_and_unchanged_records_keep_their_bytes(demo_app: XeroApp) -> None:
    text = demo_app.xpm("client.api/list", detailed="true").text
    assert "<Fax />" in text
    assert "<Fax></Fax>" in text
    assert text.count("<Fax") < text.count("<Client><UUID>")
    assert demo_app.xpm("client.api/list", detailed="true").text == text


def test_an_empty_list_is_an_empty_container(app: XeroApp) -> None:
    answer = app.xpm("job.api/list", **{"from": "19990101", "to": "19990201"})
    assert answer.text.endswith("<Status>OK</Status><Jobs /></Response>")


def test_templates_are_listed(demo_app: XeroApp) -> None:
    assert len(demo_app.items("template.api/list", "Template")) == 5
