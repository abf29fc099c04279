"""Missing records are archived only after a complete, well-formed and plausible list."""

from collections.abc import Callable

import pytest

from sandbox.accounts import edits
from tests.pull.house import SCOPE, House
from xpm.entities.entity import MOST_OF_FEW
from xpm.entities.names import Entity
from xpm.store.pull import missing
from xpm.store.vocabulary import ArchiveReason, RunStatus, SyncMode
from xpm.xero.errors import XeroError

STAFF = "staff.api/list"


def hire(house: House, count: int) -> list[str]:
    """Add staff and return their UUIDs."""
    return [edits.add(house.xpm, "staff", {"Name": f"Person {number}"})["UUID"] for number in range(count)]


def dismiss(house: House, uuids: list[str]) -> None:
    """Delete staff."""
    for uuid in uuids:
        edits.delete(house.xpm, "staff", uuid)


@pytest.mark.also_on_postgresql("keys are compared in SQL")
def test_a_record_missing_from_a_complete_list_is_archived_as_absent(house: House) -> None:
    hired = hire(house, 10)[:3]
    house.sync(Entity.STAFF)
    dismiss(house, hired)
    result = house.sync(Entity.STAFF)
    assert (result.archived, result.status) == (3, RunStatus.SUCCESS)
    gone = [row for row in house.rows("staff") if row["uuid"] in hired]
    assert {row["archived_reason"] for row in gone} == {ArchiveReason.ABSENT}
    assert {row["changed_by_run"] for row in gone} == {result.run_id}
    assert house.sync(Entity.STAFF).archived == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda house: house.order("truncate", STAFF, fraction=0.6, times=0),
        lambda house: house.order("garbage", STAFF, times=0),
        lambda house: house.order("no_container", STAFF, times=0),
        lambda house: house.order("error_body", STAFF, description="Something else", times=0),
        lambda house: house.order("status", STAFF, status=200, body="", times=0),
        lambda house: house.order("status", STAFF, status=503, times=0),
        lambda house: house.order(
            "status", STAFF, status=200, body="<Response><Status>OK</Status><StaffList />", times=0
        ),
    ],
    ids=["truncated", "garbage", "no container", "ERROR", "empty body", "outage", "cut envelope"],
)
def test_an_incomplete_answer_archives_nothing_and_is_not_a_success(
    house: House, spoil: Callable[[House], object]
) -> None:
    hire(house, 2)
    house.sync(Entity.STAFF)
    stored = house.rows("staff")
    spoil(house)
    with pytest.raises(XeroError):
        house.sync(Entity.STAFF)
    assert house.rows("staff") == stored
    failed = house.runs()[-1]
    assert (failed.status, failed.reason_key, failed.watermark) == (RunStatus.FAILURE, "sync.failed", None)
    assert failed.finished_at is not None


def test_an_empty_list_archives_nothing_if_many_records_are_stored(house: House) -> None:
    house.sync(Entity.STAFF)
    stored = house.active("staff", "uuid")
    assert len(stored) > 1
    house.order("empty_list", STAFF)
    result = house.sync(Entity.STAFF)
    assert result.status is RunStatus.ACTION_REQUIRED
    assert result.message.key == "sync.too_many_missing"
    assert (
        result.message.title == f"Staff: {len(stored)} of {len(stored)} are suddenly missing in Xero Practice Manager"
    )
    assert house.active("staff", "uuid") == stored
    assert (result.source, result.stored) == (0, len(stored))


def test_an_empty_list_may_archive_the_last_one(house: House) -> None:
    dismiss(house, [row["UUID"] for row in house.truth("staff")[1:]])
    house.sync(Entity.STAFF)
    dismiss(house, [row["UUID"] for row in house.truth("staff")])
    assert house.sync(Entity.STAFF).archived == 1


@pytest.mark.parametrize(
    ("had", "missing", "is_ordinary"),
    [(4, 1, True), (4, 2, False), (6, 4, False), (8, 2, True), (8, 3, False), (84, 20, True), (84, 21, False)],
)
def test_more_than_a_quarter_missing_of_a_few_are_too_many(
    house: House, had: int, missing: int, is_ordinary: bool
) -> None:
    hire(house, had - len(house.truth("staff")))
    house.sync(Entity.STAFF)
    dismiss(house, [row["UUID"] for row in house.truth("staff")][-missing:])
    result = house.sync(Entity.STAFF)
    assert result.archived == (missing if is_ordinary else 0)
    assert (result.status is RunStatus.SUCCESS) == is_ordinary
    if not is_ordinary:
        said = f"Staff: {missing} of {had} are suddenly missing in Xero Practice Manager"
        assert result.message.title == said


def test_one_deleted_definition_of_a_custom_field_asks_nobody(house: House) -> None:
    house.sync(Entity.CUSTOM_FIELDS)
    edits.delete(house.xpm, "custom_field_definitions", house.truth("custom_field_definitions")[0]["UUID"])
    result = house.sync(Entity.CUSTOM_FIELDS)
    assert (result.status, result.archived) == (RunStatus.SUCCESS, 1)


@pytest.mark.parametrize(("missing", "archived_before"), [(1, 0), (4, 0), (2, 2)])
def test_a_client_that_is_not_listed_needs_a_person_since_the_list_keeps_archived_and_deleted_ones(
    house: House, missing: int, archived_before: int
) -> None:
    had = len(house.truth("clients"))
    listed = house.truth("clients")
    hidden = [str(row["UUID"]) for row in listed if (row["IsArchived"], row["IsDeleted"]) == ("No", "No")]
    for uuid in hidden[:archived_before]:
        edits.archive(house.xpm, uuid)
    house.sync(Entity.CLIENTS)
    current = house.active("client", "uuid")
    gone = hidden[: missing + archived_before]
    for uuid in gone:
        house.xpm.clients.remove(house.xpm.clients.find(uuid) or 0)
    result = house.sync(Entity.CLIENTS)
    assert (result.status, result.message.key, result.archived) == (
        RunStatus.ACTION_REQUIRED,
        "sync.too_many_missing",
        0,
    )
    assert result.message.title.startswith(f"Clients: {len(gone)} of {had} ")
    assert house.active("client", "uuid") == current
    confirmed = house.sync(Entity.CLIENTS, confirm_missing=len(gone))
    assert (confirmed.status, confirmed.archived) == (RunStatus.SUCCESS, missing)


@pytest.mark.parametrize(("missing", "archived"), [(24, 24), (25, 0)])
def test_more_than_two_percent_missing_of_many_are_too_many(house: House, missing: int, archived: int) -> None:
    hired = hire(house, 1200 - len(house.truth("staff")))
    house.sync(Entity.STAFF)
    dismiss(house, hired[:missing])
    assert house.sync(Entity.STAFF).archived == archived


def missing_in(house: House) -> list[tuple[str, set[str]]]:
    """What waits for a person's confirmation."""
    with house.database.read() as session:
        return [(one.table, set(one.keys)) for one in missing.find(session, SCOPE)]


def test_no_more_missing_records_are_archived_than_a_person_confirms(house: House) -> None:
    hired = hire(house, 30)
    house.sync(Entity.STAFF)
    dismiss(house, hired)
    assert "--confirm-missing 30 " in house.sync(Entity.STAFF).message.next
    assert missing_in(house) == [("staff", set(hired))]
    doubted = house.sync(Entity.STAFF, confirm_missing=29)
    assert (doubted.message.key, doubted.archived) == ("sync.too_many_missing", 0)
    confirmed = house.sync(Entity.STAFF, confirm_missing=30)
    assert (confirmed.status, confirmed.archived) == (RunStatus.SUCCESS, 30)
    assert missing_in(house) == []
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS


@pytest.mark.parametrize("mode", SyncMode)
def test_all_current_jobs_are_archived_at_once_if_a_person_confirms_it(house: House, mode: SyncMode) -> None:
    for _ in range(MOST_OF_FEW):
        edits.add(house.xpm, "jobs", {"Name": "Advice", "State": "Planned"})
    house.sync(Entity.JOBS)
    numbers = [house.name_of(row["key"]) for row in house.rows("current_job")]
    for number in numbers:
        edits.delete(house.xpm, "jobs", number)
    assert house.sync(Entity.JOBS, mode).message.key == "sync.too_many_missing"
    confirmed = house.sync(Entity.JOBS, mode, confirm_missing=len(numbers))
    assert (confirmed.status, confirmed.archived) == (RunStatus.SUCCESS, len(numbers))


def test_more_deleted_jobs_than_a_run_may_ask_for_are_archived_if_a_person_confirms_it(house: House) -> None:
    frugal = {"xero_calls_per_day": 100}  # a tenth of these may be spent on jobs that no list has
    numbers = [edits.add(house.xpm, "jobs", {"Name": "Advice", "State": "Completed"})["ID"] for _ in range(25)]
    house.sync(Entity.JOBS)
    for number in numbers:
        edits.delete(house.xpm, "jobs", number)
    assert "--confirm-missing 25" in house.with_settings(**frugal).sync(Entity.JOBS).message.next
    confirmed = house.with_settings(**frugal).sync(Entity.JOBS, confirm_missing=25)
    assert (confirmed.status, confirmed.archived) == (RunStatus.SUCCESS, 25)


def test_too_many_deleted_jobs_are_not_archived_even_if_xpm_does_not_know_them(house: House) -> None:
    numbers = [edits.add(house.xpm, "jobs", {"Name": "Advice", "State": "Planned"})["ID"] for _ in range(25)]
    house.sync(Entity.JOBS)
    for number in numbers:
        edits.delete(house.xpm, "jobs", number)
    result = house.sync(Entity.JOBS)
    assert result.message.key == "sync.too_many_missing"
    assert set(numbers) <= house.active("job", "number")


def test_nothing_is_archived_if_a_record_has_no_readable_key(house: House) -> None:
    (hired,) = hire(house, 1)
    house.sync(Entity.STAFF)
    dismiss(house, [hired])
    house.order("bad_record", STAFF, nth=1, what="uuid")
    result = house.sync(Entity.STAFF)
    assert result.status is RunStatus.ACTION_REQUIRED
    assert hired in house.active("staff", "uuid")
    assert house.sync(Entity.STAFF).archived == 1


def test_an_unreadable_record_is_not_archived(house: House) -> None:
    house.sync(Entity.CLIENTS)
    stored = house.active("client", "uuid")
    house.order("bad_record", "client.api/list")
    assert house.sync(Entity.CLIENTS).archived == 0
    assert house.active("client", "uuid") == stored
