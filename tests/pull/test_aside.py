"""Unreadable records do not stop the others. Each is listed once, and leaves the list when it is read well."""

from decimal import Decimal

import pytest

from sandbox.accounts import edits
from tests.pull.house import House
from xpm.entities.names import Entity
from xpm.store.vocabulary import ActivityStatus, RunStatus, SyncMode


def spoil_job(house: House, number: str) -> None:
    """Let XPM send a job as no XML, in every list: with an element that has a number for its name."""
    edits.change(house.xpm, "jobs", number, {"Description": {"10": "about ten"}})


def test_an_unreadable_record_stops_no_other(house: House) -> None:
    edits.add(house.xpm, "jobs", {"ID": "BAD", "Name": "Advice", "State": "Planned"})
    spoil_job(house, "BAD")
    result = house.sync(Entity.JOBS)
    assert house.active("job", "number") == {row["ID"] for row in house.truth("jobs")} - {"BAD"}
    assert result.status is RunStatus.ACTION_REQUIRED
    assert result.message.key == "sync.not_all_read"
    assert "BAD" in result.message.next


@pytest.mark.also_on_postgresql("the range of numbers")
def test_a_number_too_large_for_both_databases_costs_no_other_part(house: House) -> None:
    one, other = (client["UUID"] for client in house.truth("clients")[:2])
    shares = {"UUID": "11111111-2222-4333-8444-555555555555", "Type": "Shareholder", "NumberOfShares": "5000000000"}
    relationship = {**shares, "RelatedClient": {"UUID": other, "Name": "Other"}, "Percentage": "100.00"}
    edits.change(house.xpm, "clients", one, {"Relationships": [relationship]})
    assert house.sync(Entity.CLIENTS).message.status is ActivityStatus.ALERT
    assert {one, other} <= house.active("client", "uuid")
    assert [(entry.record_key, entry.parts) for entry in house.aside()] == [(one, "Relationships.0.NumberOfShares")]


@pytest.mark.also_on_postgresql("the range of amounts")
@pytest.mark.parametrize("budget", ["1E+200000", "0E-200000"])
def test_an_amount_that_one_database_cannot_store_stops_no_other_record(house: House, budget: str) -> None:
    edits.add(house.xpm, "jobs", {"ID": "BAD", "Name": "Advice", "State": "Planned", "Budget": budget})
    assert house.sync(Entity.JOBS).message.status is ActivityStatus.ALERT
    assert house.active("job", "number") == {row["ID"] for row in house.truth("jobs")}
    assert [(entry.record_key, entry.parts) for entry in house.aside()] == [("BAD", "Budget")]


@pytest.mark.also_on_postgresql("the precision of amounts")
@pytest.mark.parametrize("budget", ["-0", f"-{'9' * 400}.{'3' * 400}"], ids=["-0", "800 digits"])
def test_an_amount_that_both_databases_can_store_comes_back_equal(house: House, budget: str) -> None:
    number = edits.add(house.xpm, "jobs", {"Name": "Advice", "State": "Planned", "Budget": budget})["ID"]
    assert house.sync(Entity.JOBS).status is RunStatus.SUCCESS
    assert {row["number"]: row["budget"] for row in house.rows("job")}[number] == Decimal(budget)
    assert house.sync(Entity.JOBS).changed == 0


def test_an_unreadable_record_in_two_lists_is_quarantined_and_counted_once(house: House) -> None:
    edits.add(house.xpm, "jobs", {"ID": "BAD", "Name": "Advice", "State": "Planned"})
    spoil_job(house, "BAD")
    result = house.sync(Entity.JOBS)
    assert result.quarantined == 1
    assert result.message.next.count("BAD") == 1
    (entry,) = house.aside()
    assert (entry.entity, entry.record_key, entry.run_id) == ("job", "BAD", result.run_id)
    assert entry.reason == "is not well-formed XML"
    assert "about ten" in entry.payload


def test_a_record_is_listed_once_however_often_it_comes_and_leaves_the_list_once_it_is_readable(house: House) -> None:
    edits.add(house.xpm, "jobs", {"ID": "BAD", "Name": "Advice", "State": "Planned"})
    spoil_job(house, "BAD")
    for mode in (SyncMode.FULL, SyncMode.FULL, SyncMode.CHANGES):
        house.sync(Entity.JOBS, mode)
    assert len(house.aside()) == 1
    edits.change(house.xpm, "jobs", "BAD", {"Description": "About ten"})
    result = house.sync(Entity.JOBS, SyncMode.CHANGES)
    assert (result.status, house.aside()) == (RunStatus.SUCCESS, [])
    assert "BAD" in house.active("job", "number")


def test_a_stored_record_that_becomes_unreadable_stays_as_it_was(house: House) -> None:
    house.sync(Entity.JOBS)
    number = house.truth("jobs")[0]["ID"]
    before = next(row for row in house.rows("job") if row["number"] == number)
    spoil_job(house, number)
    house.sync(Entity.JOBS)
    assert next(row for row in house.rows("job") if row["number"] == number) == before


def test_a_record_without_a_key_is_listed_once_however_often_it_comes(house: House) -> None:
    """Only the bytes that XPM sent distinguish it from others."""
    for _ in range(3):
        house.order("bad_record", "staff.api/list", what="uuid")
        result = house.sync(Entity.STAFF)
        assert result.quarantined == 1
        assert "one without a key" in result.message.next
    (entry,) = house.aside()
    assert (entry.record_key, entry.run_id) == (None, result.run_id)


def test_a_record_without_a_key_in_two_lists_is_counted_once(house: House) -> None:
    for job in house.truth("jobs"):
        edits.delete(house.xpm, "jobs", job["ID"])
    edits.add(house.xpm, "jobs", {"ID": "BAD", "Name": "Advice", "State": "Planned"})
    for path in ("job.api/list", "job.api/current"):
        house.order("bad_record", path, what="uuid")
    result = house.sync(Entity.JOBS)
    assert (result.quarantined, len(house.aside())) == (1, 1)


def test_a_record_without_a_key_leaves_the_list_after_a_complete_run_without_it(house: House) -> None:
    house.order("bad_record", "staff.api/list", what="uuid")
    assert house.sync(Entity.STAFF).quarantined == 1
    assert len(house.aside()) == 1
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS
    assert house.aside() == []


def test_a_quarantined_record_that_was_deleted_leaves_the_list(house: House) -> None:
    edits.add(house.xpm, "jobs", {"ID": "BAD", "Name": "Advice", "State": "Planned"})
    spoil_job(house, "BAD")
    house.sync(Entity.JOBS)
    edits.delete(house.xpm, "jobs", "BAD")
    assert house.sync(Entity.JOBS).status is RunStatus.SUCCESS
    assert house.aside() == []


def test_a_record_missing_from_a_suspicious_list_stays_quarantined(house: House) -> None:
    house.order("bad_record", "staff.api/list", what="uuid")
    house.sync(Entity.STAFF)
    house.order("empty_list", "staff.api/list")
    house.sync(Entity.STAFF)
    assert len(house.aside()) == 1


def test_an_unreadable_group_shows_in_the_run_of_clients(house: House) -> None:
    house.order("bad_record", "clientgroup.api/list", what="uuid")
    result = house.sync(Entity.CLIENTS)
    assert (result.status, result.quarantined) == (RunStatus.ACTION_REQUIRED, 1)
    assert result.source == result.stored == len(house.truth("clients"))


def test_an_unreadable_tax_return_stops_no_other(house: House) -> None:
    house.order("bad_record", area="tax", what="year")
    result = house.sync(Entity.TAX_RETURNS)
    assert result.status is RunStatus.ACTION_REQUIRED
    assert result.added == len(house.truth("tax_returns")) - 1


@pytest.mark.also_on_postgresql("characters that PostgreSQL refuses")
def test_a_tax_return_that_one_database_cannot_store_stops_no_other(house: House) -> None:
    key = house.truth("tax_returns")[0]["returnId"]
    edits.change(house.xpm, "tax_returns", key, {"year": 2**31})
    result = house.sync(Entity.TAX_RETURNS)
    assert (result.status, result.added) == (RunStatus.ACTION_REQUIRED, len(house.truth("tax_returns")) - 1)
    assert [entry.record_key for entry in house.aside()] == [key]


@pytest.mark.also_on_postgresql("characters that PostgreSQL refuses")
@pytest.mark.parametrize("part", ["status", "webUrl", "dueOn", "assessedIncome"])
def test_a_part_of_a_tax_return_that_cannot_be_read_stays_as_it_was(house: House, part: str) -> None:
    house.sync(Entity.TAX_RETURNS)
    before = [dict(row, sent_digest=None) for row in house.rows("tax_return")]
    key = house.truth("tax_returns")[0]["returnId"]
    edits.change(house.xpm, "tax_returns", key, {part: "Fi\x00led 1,5"})
    result = house.sync(Entity.TAX_RETURNS)
    assert (result.message.status, result.partly_read, result.changed) == (ActivityStatus.ALERT, 1, 0)
    assert [dict(row, sent_digest=None) for row in house.rows("tax_return")] == before
    assert [(entry.record_key, entry.parts) for entry in house.aside()] == [(key, part)]


@pytest.mark.also_on_postgresql("characters that PostgreSQL refuses")
def test_a_tax_return_whose_key_no_database_can_store_counts_as_having_no_key(house: House) -> None:
    edits.add(house.xpm, "tax_returns", {"returnId": "r\x00", "clientUuid": "c", "taxType": "ITR", "year": 2025})
    result = house.sync(Entity.TAX_RETURNS)
    assert "one without a key" in result.message.next
    assert [entry.record_key for entry in house.aside()] == [None]
