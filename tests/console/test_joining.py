"""A request for a sync that is under way joins that run; a sync that the run does not cover is started."""

from uuid import UUID

import httpx
import pytest

from console.runs import StepState
from tests.console.office import HARBOUR, SAM, TENANT, Office, path_of
from xpm.entities.names import Entity
from xpm.store import leases
from xpm.store.pull import runs
from xpm.store.vocabulary import SyncMode, SyncTrigger


def ask(office: Office, entities: str = "all", mode: str = "full") -> httpx.Response:
    return office.post(f"/practices/{HARBOUR}/sync", {"person": SAM, "entities": entities, "mode": mode})


def works_on(office: Office, run_id: UUID, entity: Entity) -> None:
    """Make a flow run that is syncing this entity now."""
    now = office.integration.clock()
    office.runs.move(run_id, StepState.RUNNING)
    with office.integration.database.write() as session:
        assert leases.acquire(session, f"sync/{HARBOUR}/{entity}", str(run_id), now)
        runs.start(
            session,
            practice=HARBOUR,
            tenant_id=TENANT,
            entity=entity,
            mode=SyncMode.FULL,
            trigger=SyncTrigger.OVERNIGHT,
            flow_run_id=str(run_id),
            now=now,
        )


def test_a_second_request_joins_the_first_run_even_while_it_waits_for_a_worker(office: Office) -> None:
    office.connect()
    first, second = ask(office), ask(office)
    assert path_of(first) == path_of(second)
    assert len(office.runs.started) == 1
    assert [entry.kind for entry in office.entries()[:2]] == ["sync.joined", "sync.requested"]
    assert office.entries()[0].flow_run_id == office.entries()[1].flow_run_id


@pytest.mark.parametrize("runbook", ["sync", "reconnect"])
def test_a_run_that_was_not_started_here_is_joined_too(office: Office, runbook: str) -> None:
    office.connect()
    overnight = office.runs.add(HARBOUR, runbook)
    works_on(office, overnight, Entity.JOBS)
    assert path_of(ask(office, "clients")) == f"/runs/{overnight}"
    assert office.runs.started == []


def test_a_sync_that_the_run_under_way_does_not_cover_is_started(office: Office) -> None:
    office.connect()
    works_on(office, office.runs.add(HARBOUR, "sync", [Entity.STAFF]), Entity.STAFF)
    ask(office, "clients")
    assert [started["entities"] for started in office.runs.started] == [[Entity.CLIENTS]]


def test_a_run_of_chosen_records_is_not_joined(office: Office) -> None:
    office.connect()
    some = office.runs.add(HARBOUR, "sync", [Entity.CUSTOM_FIELDS], chosen=True)
    works_on(office, some, Entity.CUSTOM_FIELDS)
    assert path_of(ask(office, "custom_field_definitions")) != f"/runs/{some}"


@pytest.mark.parametrize(("trigger", "is_joined"), [(SyncTrigger.OVERNIGHT, False), (SyncTrigger.MANUAL, True)])
def test_a_run_that_skips_the_requested_entity_is_not_joined(
    office: Office, trigger: SyncTrigger, is_joined: bool
) -> None:
    office.connect()
    office.post(f"/practices/{HARBOUR}/settings", {"person": SAM, "import_tax_assessments": "on"})
    run = office.runs.add(HARBOUR, "sync", trigger=trigger)
    works_on(office, run, Entity.JOBS)
    assert (path_of(ask(office, "custom_field_definitions")) == f"/runs/{run}") is is_joined
    assert path_of(ask(office, "clients")) == f"/runs/{run}"


def test_a_full_sync_does_not_join_a_run_of_changes(office: Office) -> None:
    office.connect()
    changes = ask(office, "clients", "changes")
    assert path_of(ask(office, "clients", "changes")) == path_of(changes)
    assert path_of(ask(office, "clients", "full")) != path_of(changes)


def test_an_entity_that_the_run_has_finished_is_started_again(office: Office) -> None:
    office.connect()
    overnight = office.runs.add(HARBOUR, "sync")
    office.synced(Entity.JOBS, overnight)
    works_on(office, overnight, Entity.CLIENTS)
    assert path_of(ask(office, "jobs")) != f"/runs/{overnight}"


@pytest.mark.parametrize("stage", [StepState.COMPLETED, StepState.FAILED])
def test_a_run_that_is_over_is_not_joined(office: Office, stage: StepState) -> None:
    office.connect()
    ask(office)
    (first,) = office.runs.runs
    office.runs.move(first, stage)
    ask(office)
    assert len(office.runs.started) == 2


def test_a_run_that_is_being_cancelled_is_not_joined(office: Office) -> None:
    office.connect()
    cancelled = office.runs.add(HARBOUR, "sync")
    works_on(office, cancelled, Entity.JOBS)
    office.runs.move(cancelled, StepState.RUNNING, is_cancelling=True)
    assert path_of(ask(office, "clients")) != f"/runs/{cancelled}"
    assert [started["entities"] for started in office.runs.started] == [[Entity.CLIENTS]]


def test_a_run_without_a_sign_of_life_for_a_minute_is_not_joined(office: Office) -> None:
    office.connect()
    killed = office.runs.add(HARBOUR, "sync")
    works_on(office, killed, Entity.STAFF)
    with office.integration.database.write() as session:
        late = office.integration.clock() - 2 * leases.DEAD_AFTER
        assert leases.acquire(session, f"sync/{HARBOUR}/staff", str(killed), late)
    assert path_of(ask(office, "staff")) != f"/runs/{killed}"


def test_a_run_that_prefect_no_longer_knows_is_not_joined(office: Office) -> None:
    office.connect()
    ask(office)
    office.runs.runs.clear()
    ask(office)
    assert len(office.runs.started) == 2
