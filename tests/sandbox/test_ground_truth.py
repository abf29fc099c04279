"""What XPM and the tax feed answer matches the control API's ground truth, field by field."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE
from tests.sandbox.xero_app import XeroApp, read, without_blanks


def date_ranges(app: XeroApp) -> list[dict[str, str]]:
    """Return ranges of 364 days that cover all the account's jobs."""
    last, found = app.server.world.clock.today(), []
    for _ in range(7):
        first = last - timedelta(days=363)
        found.append({"from": f"{first:%Y%m%d}", "to": f"{last:%Y%m%d}"})
        last = first - timedelta(days=1)
    return found


def by(key: str, records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {record[key]: without_blanks(record) for record in records}


@pytest.mark.parametrize("tenant", [HARBOUR_VALE, COASTAL_BRANCH])
def test_detailed_clients_match_the_ground_truth(demo_app: XeroApp, tenant: str) -> None:
    listed = [read(item) for item in demo_app.items("client.api/list", "Client", detailed="true", tenant=tenant)]
    assert by("UUID", listed) == by("UUID", demo_app.truth("clients", tenant))


@pytest.mark.parametrize("tenant", [HARBOUR_VALE, COASTAL_BRANCH])
def test_detailed_jobs_of_all_date_ranges_match_the_ground_truth(demo_app: XeroApp, tenant: str) -> None:
    listed = [
        read(item)
        for date_range in date_ranges(demo_app)
        for item in demo_app.items("job.api/list", "Job", detailed="true", tenant=tenant, **date_range)
    ]
    truth = demo_app.truth("jobs", tenant)
    assert len(listed) == len(truth)
    assert by("ID", listed) == by("ID", truth)


@pytest.mark.parametrize(
    ("entity", "path", "tag"),
    [
        ("staff", "staff.api/list", "Staff"),
        ("categories", "category.api/list", "Category"),
        ("job_states", "jobstate.api/list", "JobState"),
        ("custom_field_definitions", "customfield.api/definition", "CustomFieldDefinition"),
    ],
)
def test_small_lists_match_the_ground_truth(demo_app: XeroApp, entity: str, path: str, tag: str) -> None:
    listed = [read(item) for item in demo_app.items(path, tag)]
    assert by("UUID", listed) == by("UUID", demo_app.truth(entity))


def test_groups_and_their_members_match_the_ground_truth(demo_app: XeroApp) -> None:
    truth = by("UUID", demo_app.truth("groups"))
    listed = [read(item) for item in demo_app.items("clientgroup.api/list", "Group")]
    assert {row["UUID"] for row in listed} == set(truth)
    for uuid in list(truth)[:20]:
        (got,) = [read(item) for item in demo_app.xml(f"clientgroup.api/get/{uuid}").findall("Group")]
        assert without_blanks(got) == truth[uuid]


def test_custom_field_values_match_the_ground_truth(demo_app: XeroApp) -> None:
    truth = demo_app.truth("custom_field_values")
    assert {row["owner"] for row in truth} == {"client", "job"}
    for row in truth[:25] + truth[-25:]:
        path = f"{row['owner']}.api/get/{row['key']}/customfield"
        assert [read(item) for item in demo_app.items(path, "CustomField")] == row["values"]


def test_tax_returns_match_the_ground_truth(demo_app: XeroApp) -> None:
    found, cursor = [], ""
    while True:
        page = demo_app.get("/tax/returns", cursor=cursor, pageSize=97).json()
        found += page["returns"]
        if page["nextCursor"] is None:
            break
        cursor = page["nextCursor"]
    assert found == demo_app.truth("tax_returns")
    assert page["total"] == len(found) == 260


def test_get_returns_the_same_client_as_the_list(demo_app: XeroApp) -> None:
    truth = demo_app.truth("clients")
    for record in truth[:40]:
        got = read(demo_app.xml(f"client.api/get/{record['UUID']}")[1])
        born = got.get("DateOfBirth")
        assert born is None or len(born) == len("1980-01-31")
        flags = {"IsArchived": "No", "IsDeleted": "No"}
        assert without_blanks(flags | got | {"DateOfBirth": f"{born}T00:00:00" if born else None}) == without_blanks(
            record
        )


def test_get_returns_the_same_job_as_the_list(demo_app: XeroApp) -> None:
    for record in demo_app.truth("jobs")[:120:3]:
        got = read(demo_app.xml(f"job.api/get/{record['ID']}")[1])
        assert without_blanks(got) == without_blanks(record)


def test_lists_match_the_ground_truth_after_200_random_edits(app: XeroApp) -> None:
    app.server.world.rate_limiter.limits = type(app.server.world.rate_limiter.limits)(0, 0, 0)
    app.items("client.api/list", "Client", detailed="true")
    done = app.control("POST", f"tenants/{HARBOUR_VALE}/shuffle", {"seed": 3, "changes": 200}).json()
    assert len(done) == 200
    test_detailed_clients_match_the_ground_truth(app, HARBOUR_VALE)
    test_detailed_jobs_of_all_date_ranges_match_the_ground_truth(app, HARBOUR_VALE)
    test_small_lists_match_the_ground_truth(app, "staff", "staff.api/list", "Staff")
    test_custom_field_values_match_the_ground_truth(app)
