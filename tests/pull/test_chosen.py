"""A single job or client is read with its standard fields and its values, for one call each."""

from uuid import UUID

import pytest

from sandbox.accounts import edits
from tests.pull.house import SLUG, House
from xpm.entities.names import Entity
from xpm.pull.outcome import PullResult
from xpm.pull.plans.chosen import entities_of
from xpm.store.vocabulary import RunStatus, SyncMode


@pytest.fixture
def house(house: House) -> House:
    """A practice that was synchronised before."""
    for entity in (Entity.JOBS, Entity.CLIENTS, Entity.CUSTOM_FIELDS):
        house.sync(entity)
    house.forget_calls()
    return house


def sync(house: House, *records: str) -> dict[Entity, PullResult]:
    """Sync these records as the runbook does."""
    entities = entities_of(house.integration, SLUG, records)
    return {entity: house.sync(entity, records=records) for entity in entities}


def stored(house: House, table: str, key: str) -> str:
    (row,) = [row for row in house.rows(table) if key in (row.get("number"), row.get("uuid"))]
    return str(row["name"])


def calls_for_records(house: House) -> list[str]:
    """The calls, without the one for the definitions of custom fields."""
    return [path for path in house.asked() if "definition" not in path]


def answers_with(house: House, path: str, *records: str) -> None:
    """Let XPM answer with these records, whichever it is asked for."""
    body = f"<Response><Status>OK</Status>{''.join(records)}</Response>"
    house.order("status", path, status=200, body=body, times=0)


@pytest.mark.also_on_postgresql("records are found by SQL")
@pytest.mark.parametrize("by", ["ID", "UUID"])
def test_a_job_is_read_by_its_number_or_uuid_with_its_values_for_two_calls(house: House, by: str) -> None:
    job, other = house.truth("jobs")[:2]
    edits.change(house.xpm, "jobs", job["ID"], {"Name": "Renamed"})
    edits.change(house.xpm, "jobs", other["ID"], {"Name": "Renamed too"})
    done = sync(house, job[by].lower())
    assert [*done] == [Entity.JOBS, Entity.CUSTOM_FIELDS]
    assert stored(house, "job", job["ID"]) == "Renamed"
    assert stored(house, "job", other["ID"]) != "Renamed too"
    assert calls_for_records(house) == [f"job.api/get/{job['ID']}", f"job.api/get/{job['ID']}/customfield"]
    assert {one.status for one in done.values()} == {RunStatus.SUCCESS}


def test_a_client_is_read_by_its_id_with_its_values_for_two_calls(house: House) -> None:
    client = next(one for one in house.truth("clients") if one["UUID"] in house.active("client", "uuid"))
    edits.change(house.xpm, "clients", client["UUID"], {"Name": "Renamed"})
    done = sync(house, client["UUID"].upper())
    assert [*done] == [Entity.CLIENTS, Entity.CUSTOM_FIELDS]
    assert stored(house, "client", client["UUID"]) == "Renamed"
    uuid = client["UUID"]
    assert calls_for_records(house) == [f"client.api/get/{uuid}", f"client.api/get/{uuid}/customfield"]


def test_records_that_are_new_in_xpm_arrive(house: House) -> None:
    client = edits.add(house.xpm, "clients", {"Name": "New Client"})["UUID"]
    job = edits.add(house.xpm, "jobs", {"Name": "New job", "State": "Planned", "Client": None})["ID"]
    done = sync(house, client, job)
    assert (stored(house, "client", client), stored(house, "job", job)) == ("New Client", "New job")
    assert [one.message.key for one in done.values()] == ["sync.records_chosen"] * 2 + ["sync.values_chosen"]


def test_a_record_that_xpm_does_not_have_stays_and_is_named(house: House) -> None:
    gone, well = sorted(house.active("job", "number"))[:2]
    edits.delete(house.xpm, "jobs", gone)
    edits.change(house.xpm, "jobs", well, {"Name": "Renamed"})
    done = sync(house, gone, well, "J-NOWHERE")
    assert gone in house.active("job", "number")
    assert stored(house, "job", well) == "Renamed"
    assert done[Entity.CUSTOM_FIELDS].message.title.endswith(f"{gone}, J-NOWHERE")


def test_a_job_under_another_number_is_found_at_its_client(house: House) -> None:
    job = next(one for one in house.truth("jobs") if one.get("Client") and one["ID"] in house.active("job", "number"))
    edits.change(house.xpm, "jobs", job["ID"], {"ID": "J-MOVED"})
    sync(house, job["UUID"])
    assert stored(house, "job", job["UUID"])
    assert "J-MOVED" in house.active("job", "number")


def test_an_error_of_one_record_stops_no_other(house: House) -> None:
    bad, well = sorted(house.active("job", "number"))[:2]
    house.order("status", f"job.api/get/{bad}", status=500, times=0)
    edits.change(house.xpm, "jobs", well, {"Name": "Renamed"})
    done = sync(house, bad, well)
    assert stored(house, "job", well) == "Renamed"
    assert done[Entity.JOBS].status is RunStatus.ACTION_REQUIRED


def test_the_next_sync_of_changes_still_asks_for_what_changed_since_the_last_one(house: House) -> None:
    """Had the watermark moved, or vanished, changes of other clients would be missed, or all of them read again."""
    before = house.sync(Entity.CLIENTS, SyncMode.CHANGES)
    uuid = min(house.active("client", "uuid"))
    other = max(house.active("client", "uuid"))
    edits.change(house.xpm, "clients", other, {"Name": "Renamed"})
    sync(house, uuid)
    house.forget_calls()
    after = house.sync(Entity.CLIENTS, SyncMode.CHANGES)
    assert before.source is after.source is None
    assert stored(house, "client", other) == "Renamed"


def test_a_dry_run_shows_the_change_and_writes_nothing(house: House) -> None:
    number = min(house.active("job", "number"))
    before = stored(house, "job", number)
    edits.change(house.xpm, "jobs", number, {"Name": "Renamed"})
    preview = house.preview(Entity.JOBS, records=(number,))
    assert (preview.changed, preview.calls, stored(house, "job", number)) == (1, 1, before)


@pytest.mark.parametrize("is_known", [True, False])
def test_another_client_than_the_one_asked_for_is_not_stored_and_the_run_says_so(house: House, is_known: bool) -> None:
    first, other = sorted(house.active("client", "uuid"))[:2]
    asked = first if is_known else str(UUID(int=7))
    before = house.rows("client")
    answers_with(house, f"client.api/get/{asked}", f"<Client><UUID>{other}</UUID><Name>Renamed</Name></Client>")
    done = house.sync(Entity.CLIENTS, records=(asked,))
    assert (done.status, done.message.key) == (RunStatus.ACTION_REQUIRED, "sync.chosen_set_aside")
    assert done.message.title == "Clients: 0 of 1 chosen synchronised, 1 set aside"
    assert f"has another Client than the one asked for: {other}" in done.message.cause
    assert house.rows("client") == before
    (aside,) = house.aside()
    assert aside.record_key == asked
    house.calm()
    house.sync(Entity.CLIENTS, records=(first,))
    assert len(house.aside()) == (not is_known)


@pytest.mark.parametrize("is_known", [True, False])
def test_another_job_than_the_one_asked_for_is_not_stored_and_the_run_says_so(house: House, is_known: bool) -> None:
    first, other = sorted(house.active("job", "number"))[:2]
    asked = first if is_known else "J-NEW"
    before = house.rows("job")
    answers_with(house, f"job.api/get/{asked}", f"<Job><ID>{other}</ID><Name>Renamed</Name></Job>")
    done = house.sync(Entity.JOBS, records=(asked,))
    assert (done.status, done.message.key) == (RunStatus.ACTION_REQUIRED, "sync.chosen_set_aside")
    assert f"has another Job than the one asked for: {other}" in done.message.cause
    assert house.rows("job") == before


def test_only_what_was_asked_for_is_counted_as_synchronised(house: House) -> None:
    """A job that has left its number is looked for among its client's jobs, which are stored as well."""
    job = next(one for one in house.truth("jobs") if one.get("Client") and one["ID"] in house.active("job", "number"))
    edits.add(house.xpm, "jobs", {"Name": "Beside it", "State": "Planned", "Client": job["Client"]})
    edits.change(house.xpm, "jobs", job["ID"], {"ID": "J-MOVED"})
    done = house.sync(Entity.JOBS, records=(job["UUID"],))
    assert done.message.title == "Jobs: 1 of 1 chosen synchronised"


def test_chosen_records_that_xpm_does_not_have_are_named_where_they_belong(house: House) -> None:
    gone, well = sorted(house.active("job", "number"))[:2]
    edits.delete(house.xpm, "jobs", gone)
    nobody = str(UUID(int=7))
    done = sync(house, gone, well, "J-NOWHERE", nobody)
    of_jobs, of_clients = done[Entity.JOBS], done[Entity.CLIENTS]
    assert {of_jobs.message.key, of_clients.message.key} == {"sync.records_unknown"}
    assert {of_jobs.status, of_clients.status} == {RunStatus.ACTION_REQUIRED}
    assert of_jobs.message.title == f"Jobs: Xero Practice Manager does not have {gone}, J-NOWHERE"
    assert of_jobs.message.cause.startswith("1 of 3 chosen ")
    assert of_clients.message.title == f"Clients: Xero Practice Manager does not have {nobody}"
    assert gone in house.active("job", "number")


def test_an_answer_with_another_job_archives_nothing(house: House) -> None:
    gone = min(house.active("job", "number"))
    edits.delete(house.xpm, "jobs", gone)
    answers_with(house, f"job.api/get/{gone}", "<Job><ID>J-OTHER</ID><Name>Another</Name></Job>")
    done = house.sync(Entity.JOBS)
    assert (done.status, done.archived) == (RunStatus.ACTION_REQUIRED, 0)
    assert gone in house.active("job", "number")
