"""An account that is new to the practice is compared with what FYI has, in a few cheap calls."""

import time
from datetime import date
from typing import Any

import pytest

from sandbox.accounts.edits import add, archive, change
from sandbox.generator.jobs import IS_CURRENT
from sandbox.world import (
    COASTAL_BRANCH,
    HARBOUR_VALE,
)
from tests.account.branch import (
    COASTAL,
    assert_nothing_was_written,
    chooses_coastal,
    truth,
)
from tests.consent.harbour import HARBOUR, Harbour
from xpm.account.comparison import AccountComparison, KindCompared, compare
from xpm.account.confirmation import confirm, question
from xpm.account.reset import reset
from xpm.entities.names import Entity
from xpm.pull.pull import run_pull
from xpm.pull.work import PullRequest
from xpm.store.records.bulk import active_keys
from xpm.store.records.kinds import CLIENTS
from xpm.store.records.rows import Scope
from xpm.store.vocabulary import SyncMode, SyncTrigger


def plant_likenesses(harbour: Harbour) -> None:
    """Give Coastal Branch some of Harbour & Vale's records: two by UUID, two more by name in another spelling."""
    mine, coastal = (harbour.world.accounts[tenant] for tenant in (HARBOUR_VALE, COASTAL_BRANCH))
    clients = [one for one in mine.clients.records() if one["IsArchived"] != "Yes" and one["IsDeleted"] != "Yes"]
    job = next(one for one in mine.jobs.records() if IS_CURRENT.get(one["State"], True))
    add(coastal, "clients", {"UUID": clients[0]["UUID"], "Name": "Another name"})
    add(coastal, "clients", {"UUID": clients[1]["UUID"], "Name": "Archived"})
    archive(coastal, clients[1]["UUID"])
    change(coastal, "clients", next(coastal.clients.records())["UUID"], {"Name": f" {clients[2]['Name'].upper()} "})
    add(coastal, "jobs", {"ID": "MOVED-1", "UUID": job["UUID"], "Name": job["Name"], "State": job["State"]})


def expected(harbour: Harbour, label: str, entity: str) -> KindCompared:
    """Compute the comparison of one kind from what the sandbox says of both accounts."""
    mine, theirs = (
        [one for one in truth(harbour, tenant, entity) if is_current(entity, one)]
        for tenant in (HARBOUR_VALE, COASTAL_BRANCH)
    )
    names = {one["Name"].strip().casefold() for one in theirs}
    shared = [one for one in mine if one["UUID"] in {other["UUID"] for other in theirs}]
    return KindCompared(
        label=label,
        stored=len(mine),
        in_xpm=len(theirs),
        same=len(shared),
        same_name=len([one for one in mine if one["Name"].strip().casefold() in names]),
        newest_stored=newest(mine),
        newest_in_xpm=newest(theirs),
    )


def is_current(entity: str, record: dict[str, Any]) -> bool:
    if entity == "jobs":
        return IS_CURRENT.get(record["State"], True)
    return entity != "clients" or not (record["IsArchived"] == "Yes" or record["IsDeleted"] == "Yes")


def newest(records: list[dict[str, Any]]) -> date | None:
    starts = [one["StartDate"][:10] for one in records if one.get("StartDate")]
    return date.fromisoformat(max(starts)) if starts else None


@pytest.mark.also_on_postgresql("records are counted by SQL")
def test_the_comparison_counts_what_both_sides_have(synced: Harbour) -> None:
    plant_likenesses(synced)
    before, invitation = synced.facts(), chooses_coastal(synced)
    compared = compare(synced.integration, invitation)
    clients, jobs, staff = compared.kinds
    assert clients == expected(synced, "Clients", "clients")
    assert jobs == expected(synced, "Current jobs", "jobs")
    assert staff == expected(synced, "Staff", "staff")
    assert (clients.same, jobs.same, staff.same) == (1, 1, 0)  # a shared job number does not make two jobs the same
    assert clients.same_name >= 1
    assert staff.same_name >= 3  # the people who work in both
    assert clients.would_be_archived == clients.stored - 1
    assert clients.would_be_added == clients.in_xpm - 1
    assert jobs.newest_in_xpm
    assert (compared.practice_name, compared.tenant_name) == ("Harbour & Vale Accountants", COASTAL)
    assert compared.sentences.startswith(
        f"Of {clients.stored} clients stored, 1 are in {COASTAL}; {clients.stored - 1} would be archived, "
        f"{clients.in_xpm - 1} added."
    )
    assert_nothing_was_written(synced, before, question(compared))


def test_the_comparison_takes_three_calls_without_details(synced: Harbour) -> None:
    invitation = chooses_coastal(synced)
    synced.world.request_log.clear()
    compare(synced.integration, invitation)
    while any(use["in_flight"] for use in synced.world.request_log.usage()["tenants"].values()):
        time.sleep(0.001)  # the sandbox logs a call after sending its answer, so the caller may be faster
    calls = [call for call in synced.world.request_log.requests() if call["area"] == "xpm"]
    asked = [(call["path"], call["query_keys"]) for call in calls]
    assert sorted(asked) == [("client.api/list", []), ("job.api/current", []), ("staff.api/list", [])]


def test_an_unreadable_record_counts_as_present(synced: Harbour) -> None:
    known = expected(synced, "Clients", "clients").in_xpm
    synced.fault("xpm", "bad_record", path="client.api/list")
    compared = compare(synced.integration, chooses_coastal(synced))
    assert compared.kinds[0].in_xpm == known


def test_everything_fyi_has_is_compared_once_whichever_account_it_came_from(synced: Harbour) -> None:
    plant_likenesses(synced)
    moved = chooses_coastal(synced)
    confirm(synced.integration, moved, COASTAL)
    reset(synced.integration, moved)
    run_pull(synced.integration, PullRequest(HARBOUR, Entity.CLIENTS, SyncMode.FULL, trigger=SyncTrigger.MANUAL))
    back = synced.invite(run="run-2")
    synced.consent(back, tenants=(HARBOUR_VALE,))
    synced.choose(back, another_account=True)
    with synced.database.read() as session:
        stored = {
            key
            for tenant in (HARBOUR_VALE, COASTAL_BRANCH)
            for key in active_keys(session, CLIENTS, Scope(HARBOUR, tenant))
        }
    clients = compare(synced.integration, back).kinds[0]
    mine = [one["UUID"] for one in truth(synced, HARBOUR_VALE, "clients") if is_current("clients", one)]
    assert (clients.stored, clients.same) == (len(stored), len(stored & set(mine)))


def test_a_comparison_survives_serialization(synced: Harbour) -> None:
    compared = compare(synced.integration, chooses_coastal(synced))
    assert AccountComparison.model_validate(compared.model_dump(mode="json")) == compared
