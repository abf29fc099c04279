"""Custom field values cost one call per record, so a run reads the most urgent first, as many as it may ask for."""

import datetime as dt
from typing import Any

import pytest

from sandbox.accounts import edits
from sandbox.world import HARBOUR_VALE
from tests.pull.expected import assert_values_equal_truth
from tests.pull.house import SLUG, House
from xpm.entities.names import Entity
from xpm.store.pull import runs
from xpm.store.vocabulary import OwnerKind, RunStatus, SyncMode
from xpm.xero.errors import DayLimit, XeroUnavailable

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def house(house: House) -> House:
    """A practice whose clients and jobs are stored, but whose values were never compared."""
    house.sync(Entity.CLIENTS)
    house.sync(Entity.JOBS)
    return house


def owners(house: House) -> set[str]:
    """The current clients and jobs."""
    return house.active("client", "uuid") | house.active("job", "number")


def compared(house: House) -> dict[str, dt.datetime]:
    """When each owner's values were compared."""
    return {house.name_of(row["owner_key"]): row["compared_at"] for row in house.rows("custom_field_comparison")}


def asked_for(house: House) -> set[str]:
    """The owners whose values were asked for since calls were last forgotten."""
    return {path.split("/")[2] for path in house.asked() if path.endswith("/customfield")}


def text_field(house: House) -> str:
    """A field that holds text."""
    fields = (row for row in house.truth("custom_field_definitions") if row["ValueElement"] == "Text")
    return str(next(fields)["UUID"])


def set_text(house: House, owner: str, text: str | None) -> None:
    """Change or clear one value in XPM, which no list shows."""
    edits.change(house.xpm, "custom_field_values", owner, {"values": [{"UUID": text_field(house), "Text": text}]})


def value(house: House, owner: str) -> Any:  # noqa: ANN401 - a text or nothing
    """The stored text of that field."""
    field = text_field(house)
    rows = [row for row in house.rows("custom_field_value") if row["definition_uuid"] == field]
    return next((row["text"] for row in rows if row["owner_key"] == house.key_of(owner)), None)


def test_one_run_compares_the_values_of_every_current_client_and_job(house: House) -> None:
    result = house.sync(Entity.CUSTOM_FIELDS)
    assert asked_for(house) == owners(house) == compared(house).keys()
    assert_values_equal_truth(house)
    assert result.message.key == "sync.values_compared"
    assert f"all {len(owners(house))} clients and jobs" in result.message.cause
    assert result.calls == len(owners(house)) + 1


def test_a_full_run_brings_a_value_even_if_nothing_else_changed(house: House) -> None:
    house.sync(Entity.CUSTOM_FIELDS)
    owner = min(house.active("job", "number"))
    set_text(house, owner, "New words, ā and 株")
    result = house.sync(Entity.CUSTOM_FIELDS)
    assert value(house, owner) == "New words, ā and 株"
    assert "1 of them were new in FYI or different" in result.message.cause


@pytest.mark.also_on_postgresql("one path of the rule")
def test_a_value_that_was_cleared_in_xpm_disappears(house: House) -> None:
    owner = min(house.active("client", "uuid"))
    set_text(house, owner, "Soon gone")
    house.sync(Entity.CUSTOM_FIELDS)
    assert value(house, owner) == "Soon gone"
    set_text(house, owner, None)
    house.sync(Entity.CUSTOM_FIELDS)
    assert value(house, owner) is None
    edits.delete(house.xpm, "custom_field_values", owner)
    house.sync(Entity.CUSTOM_FIELDS)
    assert [row for row in house.rows("custom_field_value") if row["owner_key"] == house.key_of(owner)] == []


def test_a_run_of_changes_compares_only_new_or_changed_records(house: House) -> None:
    house.sync(Entity.CUSTOM_FIELDS)
    house.forget_calls()
    house.sync(Entity.CUSTOM_FIELDS, SyncMode.CHANGES)
    assert asked_for(house) == set()
    changed = min(house.active("job", "number"))
    edits.change(house.xpm, "jobs", changed, {"Budget": "77.00"})
    added = edits.add(house.xpm, "jobs", {"Name": "Advice", "State": "Planned"})["ID"]
    house.sync(Entity.JOBS)
    house.sync(Entity.CUSTOM_FIELDS, SyncMode.CHANGES)
    assert asked_for(house) == {changed, added}


def test_a_run_of_lists_brings_the_definitions_in_one_request_and_leaves_values_as_old(house: House) -> None:
    field = text_field(house)
    edits.change(house.xpm, "custom_field_definitions", field, {"Name": "Another name"})
    result = house.sync(Entity.CUSTOM_FIELDS, SyncMode.LISTS)
    assert (result.status, result.message.key, result.calls) == (RunStatus.SUCCESS, "sync.definitions_alone", 1)
    assert "Another name" in house.active("custom_field_definition", "name")
    assert asked_for(house) == set()
    assert compared(house) == {}


@pytest.mark.parametrize("fault", [None, "bad_record"])
def test_a_run_of_lists_never_makes_values_look_synchronised(house: House, fault: str | None) -> None:
    if fault:
        house.order(fault, "customfield.api/definition")
    house.sync(Entity.CUSTOM_FIELDS, SyncMode.LISTS)
    with house.integration.database.read() as session:
        assert runs.last_synced(session, SLUG, HARBOUR_VALE, Entity.CUSTOM_FIELDS) is None


def test_a_run_of_lists_reads_all_jobs_like_a_full_one(house: House) -> None:
    full, lists = house.sync(Entity.JOBS), house.sync(Entity.JOBS, SyncMode.LISTS)
    assert (lists.message.key, lists.source, lists.calls) == (full.message.key, full.source, full.calls)


def test_a_run_of_changes_does_not_claim_to_have_compared_all(house: House) -> None:
    full = house.sync(Entity.CUSTOM_FIELDS)
    assert house.run(full.run_id).compared == len(owners(house))
    none = house.sync(Entity.CUSTOM_FIELDS, SyncMode.CHANGES)
    assert "There was no client or job whose values had to be compared." in none.message.cause
    edits.change(house.xpm, "clients", min(house.active("client", "uuid")), {"Phone": "+64 9 555 0102"})
    house.sync(Entity.CLIENTS, SyncMode.CHANGES)
    one = house.sync(Entity.CUSTOM_FIELDS, SyncMode.CHANGES)
    assert "clients and jobs that are new or changed, 1 in all, were compared" in one.message.cause
    assert house.run(one.run_id).compared == 1


def test_archived_clients_and_jobs_are_not_asked_for(house: House) -> None:
    client, job = min(house.active("client", "uuid")), min(house.active("job", "number"))
    edits.archive(house.xpm, client)
    edits.delete(house.xpm, "jobs", job)
    house.sync(Entity.CLIENTS)
    house.sync(Entity.JOBS)
    house.sync(Entity.CUSTOM_FIELDS)
    assert {client, job} & asked_for(house) == set()


def test_a_run_uses_at_most_half_of_the_days_calls_and_the_next_continues(house: House) -> None:
    part = house.with_settings(xero_calls_per_day=10)
    result = part.sync(Entity.CUSTOM_FIELDS)
    first = asked_for(house)
    assert (len(first), result.message.key) == (5, "sync.values_partly")
    assert f"5 of {len(owners(house))} clients and jobs" in result.message.cause
    assert compared(house).keys() == first
    house.forget_calls()
    house.with_settings(xero_calls_per_day=10).sync(Entity.CUSTOM_FIELDS)
    assert len(asked_for(house)) == 5
    assert asked_for(house) & first == set()


@pytest.mark.also_on_postgresql("where NULL stands in an order")
def test_never_compared_records_come_first_then_changed_then_compared_longest_ago(house: House) -> None:
    everyone = sorted(owners(house))
    while len(compared(house)) < len(everyone):  # a few an hour
        house.with_settings(xero_calls_per_day=8).sync(Entity.CUSTOM_FIELDS)
        house.clock.ahead += HOUR
    oldest = sorted(everyone, key=compared(house).__getitem__)
    changed = next(owner for owner in reversed(oldest) if owner in house.active("job", "number"))
    edits.change(house.xpm, "jobs", changed, {"Budget": "78.00"})
    added = edits.add(house.xpm, "jobs", {"Name": "Advice", "State": "Planned"})["ID"]
    house.sync(Entity.JOBS)
    house.forget_calls()
    house.with_settings(xero_calls_per_day=8).sync(Entity.CUSTOM_FIELDS)
    assert asked_for(house) > {changed, added}
    others = asked_for(house) - {changed, added}
    before = {owner: at for owner, at in compared(house).items() if owner not in asked_for(house)}
    assert others <= set(oldest[:4])
    assert len(others) == 2
    assert set(before) == set(everyone) - others - {changed}


def test_unreadable_values_stop_no_other_owner_and_count_as_not_compared(house: House) -> None:
    owner = min(house.active("job", "number"))
    house.order("garbage", f"job.api/get/{owner}/customfield", times=0)
    result = house.sync(Entity.CUSTOM_FIELDS)
    assert compared(house).keys() == owners(house) - {owner}
    assert result.status is RunStatus.ACTION_REQUIRED
    (entry,) = house.aside()
    assert (entry.entity, entry.record_key) == ("job_custom_fields", house.key_of(owner))
    house.calm()
    assert house.sync(Entity.CUSTOM_FIELDS, SyncMode.CHANGES).status is RunStatus.SUCCESS
    assert house.aside() == []
    assert_values_equal_truth(house)


@pytest.mark.parametrize("answer", [{"kind": "status", "status": 500}, {"kind": "error_body", "description": "No"}])
def test_one_owner_for_whom_xero_always_fails_stops_no_other(house: House, answer: dict[str, Any]) -> None:
    owner = min(house.active("client", "uuid"))
    house.order(path=f"client.api/get/{owner}/customfield", times=0, **answer)
    result = house.sync(Entity.CUSTOM_FIELDS)
    assert compared(house).keys() == owners(house) - {owner}
    assert (result.status, result.quarantined) == (RunStatus.ACTION_REQUIRED, 1)


def test_owners_for_whom_xero_always_fails_stop_no_other_however_many(house: House) -> None:
    house.sync(Entity.CUSTOM_FIELDS)
    bad = {edits.add(house.xpm, "clients", {"Name": f"Newcomer {number}"})["UUID"] for number in range(5)}
    house.sync(Entity.CLIENTS)
    for owner in bad:
        house.order("status", f"client.api/get/{owner}/customfield", status=500, times=0)
    before, metered = compared(house), house.metered()
    result = house.sync(Entity.CUSTOM_FIELDS)
    after = compared(house)
    assert {owner for owner, at in after.items() if at > before[owner]} == owners(house) - bad
    assert (result.status, result.quarantined) == (RunStatus.ACTION_REQUIRED, 5)
    assert (metered[0] + result.calls, metered[1] + result.bytes) == house.metered()


def test_if_xero_fails_for_every_owner_asked_for_others_show_that_it_still_answers(
    house: House,
) -> None:
    house.sync(Entity.CUSTOM_FIELDS)
    bad = {edits.add(house.xpm, "clients", {"Name": f"Newcomer {number}"})["UUID"] for number in range(5)}
    house.sync(Entity.CLIENTS)
    for owner in bad:
        house.order("status", f"client.api/get/{owner}/customfield", status=500, times=0)
    for only in ({"mode": SyncMode.CHANGES}, {"records": tuple(bad)}):
        result = house.sync(Entity.CUSTOM_FIELDS, **only)
        assert (result.status, result.quarantined) == (RunStatus.ACTION_REQUIRED, len(bad))


def test_if_xero_fails_for_many_owners_the_run_ends_and_keeps_what_was_compared(house: House) -> None:
    house.order("status", "client.api/get", status=500, after=2, times=0)
    with pytest.raises(XeroUnavailable):
        house.sync(Entity.CUSTOM_FIELDS)
    assert len(compared(house)) >= 2


def test_once_xero_fails_for_many_owners_waiting_ones_are_not_asked_for(house: House) -> None:
    for number in range(60):
        edits.add(house.xpm, "clients", {"Name": f"Newcomer {number}"})
    house.sync(Entity.CLIENTS)
    house.forget_calls()
    house.order("status", "client.api/get", status=500, times=0)
    with pytest.raises(XeroUnavailable):
        house.sync(Entity.CUSTOM_FIELDS)
    assert asked_for(house) & house.active("job", "number") == set(), "clients come before jobs"


@pytest.mark.parametrize(("flow_run_id", "again"), [("the-same", False), ("another", True), (None, True)])
def test_only_a_retry_of_the_same_flow_run_skips_values_already_compared(
    house: House, flow_run_id: str | None, again: bool
) -> None:
    house.sync(Entity.CUSTOM_FIELDS)
    house.clock.ahead += HOUR
    begun = house.clock()
    house.order("status", "job.api/get", status=503, times=0)
    with pytest.raises(XeroUnavailable):
        house.sync(Entity.CUSTOM_FIELDS, flow_run_id=flow_run_id and "the-same")
    before = {owner for owner, at in compared(house).items() if at >= begun}
    assert before
    house.calm()
    house.forget_calls()
    changed = min(before)
    edits.change(house.xpm, "clients", changed, {"Phone": "09 555 0199"})
    house.sync(Entity.CLIENTS)
    result = house.sync(Entity.CUSTOM_FIELDS, flow_run_id=flow_run_id)
    assert asked_for(house) == owners(house) - (set() if again else before - {changed})
    assert (result.status, result.message.key) == (RunStatus.SUCCESS, "sync.values_compared")
    assert f"all {len(owners(house))} clients and jobs" in result.message.cause


def test_a_run_and_its_retries_together_use_at_most_half_of_the_days_calls(house: House) -> None:
    house.order("status", "job.api/get", status=503, times=0)
    with pytest.raises(XeroUnavailable):
        house.sync(Entity.CUSTOM_FIELDS, flow_run_id="the-same")
    before = len(compared(house))
    assert 0 < before < 10
    house.calm()
    house.forget_calls()
    result = house.with_settings(xero_calls_per_day=20).sync(Entity.CUSTOM_FIELDS, flow_run_id="the-same")
    assert len(asked_for(house)) == 10 - before
    assert f"10 of {len(owners(house))} clients and jobs" in result.message.cause


def test_quarantined_values_are_dismissed_once_their_owner_is_gone(house: House) -> None:
    owner = min(house.active("job", "number"))
    house.order("garbage", f"job.api/get/{owner}/customfield", times=0)
    house.sync(Entity.CUSTOM_FIELDS)
    assert house.aside()
    edits.delete(house.xpm, "jobs", owner)
    house.sync(Entity.JOBS)
    house.sync(Entity.CUSTOM_FIELDS, SyncMode.CHANGES)
    assert house.aside() == []


def test_an_unreadable_value_clears_no_other_value_of_its_owner(house: House) -> None:
    house.sync(Entity.CUSTOM_FIELDS)
    owner = next(row["owner_key"] for row in house.rows("custom_field_value") if row["owner_kind"] is OwnerKind.JOB)
    before = [row for row in house.rows("custom_field_value") if row["owner_key"] == owner]
    house.order("bad_record", f"job.api/get/{house.name_of(owner)}/customfield")
    assert house.sync(Entity.CUSTOM_FIELDS).partly_read == 1
    assert [row for row in house.rows("custom_field_value") if row["owner_key"] == owner] == before


def test_a_job_deleted_since_the_last_sync_of_jobs_is_left_to_the_next(house: House) -> None:
    """It is not a record to correct in XPM, and it does not count as compared."""
    deleted = min(house.active("job", "number"))
    edits.delete(house.xpm, "jobs", deleted)
    result = house.sync(Entity.CUSTOM_FIELDS)
    assert result.quarantined == 0
    assert house.aside() == []
    assert deleted not in compared(house)
    assert result.message.key == "sync.values_partly"


def test_the_time_of_comparison_is_before_the_call(house: House) -> None:
    """Values that change while the answer is under way are compared again."""
    house.forget_calls()
    house.sync(Entity.CUSTOM_FIELDS)
    calls = [call for call in house.server.world.request_log.requests() if call["path"].endswith("/customfield")]
    asked = min(dt.datetime.fromisoformat(call["at"]) for call in calls)
    assert max(compared(house).values()) <= asked + dt.timedelta(milliseconds=1)  # the journal drops the rest


def test_the_day_limit_ends_the_run_and_keeps_what_was_compared(house: House) -> None:
    house.with_settings(xero_calls_per_day=8).sync(Entity.CUSTOM_FIELDS)
    before = compared(house)
    house.order("limit", "client.api/get", problem="day", retry_after=40_000, times=0)
    with pytest.raises(DayLimit):
        house.sync(Entity.CUSTOM_FIELDS)
    run = house.runs()[-1]
    assert (run.status, run.reason_key) == (RunStatus.PARKED, "sync.parked")
    assert run.resumes_at
    assert run.finished_at
    # it resumes at a whole minute
    assert dt.timedelta(seconds=39_900) < run.resumes_at - run.finished_at <= dt.timedelta(seconds=40_060)
    assert compared(house).keys() >= before.keys()


def test_a_definition_deleted_in_xpm_is_archived_and_its_values_disappear(house: House) -> None:
    owner = min(house.active("client", "uuid"))
    set_text(house, owner, "Words")
    house.sync(Entity.CUSTOM_FIELDS)
    field = text_field(house)
    edits.delete(house.xpm, "custom_field_definitions", field)
    result = house.sync(Entity.CUSTOM_FIELDS)
    assert result.archived == 1
    assert field not in house.active("custom_field_definition", "uuid")
    assert [row for row in house.rows("custom_field_value") if row["definition_uuid"] == field] == []


def test_values_of_chosen_records_are_read_even_if_nothing_else_changed(house: House) -> None:
    house.sync(Entity.CUSTOM_FIELDS)
    chosen = [min(house.active("job", "number")), min(house.active("client", "uuid"))]
    other = max(house.active("job", "number"))
    for owner in (*chosen, other):
        set_text(house, owner, "New words")
    house.forget_calls()
    result = house.sync(Entity.CUSTOM_FIELDS, SyncMode.CHANGES, records=(chosen[0].lower(), chosen[1].upper()))
    assert asked_for(house) == set(chosen)
    assert [value(house, owner) for owner in chosen] == ["New words"] * 2
    assert value(house, other) != "New words"
    assert result.message.key == "sync.values_chosen"
    assert "2 of 2 chosen" in result.message.title


def test_chosen_records_that_fyi_does_not_have_are_named_and_stop_no_other(house: House) -> None:
    known = min(house.active("job", "number"))
    result = house.sync(Entity.CUSTOM_FIELDS, records=("J-NOWHERE", known, "J-NOWHERE"))
    assert asked_for(house) == {known}
    assert result.status is RunStatus.ACTION_REQUIRED
    assert result.message.title == "Custom fields: there is no current client or job J-NOWHERE"
    assert "other 1 chosen" in result.message.cause


def test_chosen_records_that_xpm_no_longer_has_are_named_too(house: House) -> None:
    deleted, known = sorted(house.active("job", "number"))[:2]
    edits.delete(house.xpm, "jobs", deleted)
    result = house.sync(Entity.CUSTOM_FIELDS, records=(known, deleted.lower(), "J-NOWHERE"))
    assert result.status is RunStatus.ACTION_REQUIRED
    assert result.message.title == f"Custom fields: there is no current client or job {deleted.lower()}, J-NOWHERE"
    assert "other 1 chosen" in result.message.cause
    assert deleted in house.active("job", "number"), "the sync of jobs archives it"


def test_a_run_counts_the_metered_calls_and_bytes_of_its_values(house: House) -> None:
    gone = house.xpm.jobs.record(0)["ID"]
    house.xpm.jobs.remove(0)  # asking for a deleted one is a call, too
    before = house.metered()
    result = house.sync(Entity.CUSTOM_FIELDS)
    after = house.metered()
    assert any(gone in path for path in house.asked())
    assert (result.calls, result.bytes) == (after[0] - before[0], after[1] - before[1])
