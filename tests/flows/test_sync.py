"""The sync runbook: parts that fail alone, retries that repeat only what failed, and parts that are left out."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.flow_engine import run_flow
from prefect.states import Scheduled

from flows.reconnect import reconnect
from flows.sync import sync
from sandbox.faults import fault_from
from sandbox.world import MERE
from tests.flows.office import SLUG, Office, administrator, consents
from xpm.store import practices
from xpm.store.vocabulary import ActivityStatus, SyncMode, SyncTrigger
from xpm.sync.entities import Entity

REFUSAL = {"area": "xpm", "path": "client.api/list", "kind": "error_body", "description": "No", "times": 0}
"""Xero understands the question and says no: nothing that waiting helps against, so nothing is waited for."""

pytestmark = pytest.mark.xdist_group("prefect")


@pytest.fixture
def connected(office: Office) -> Office:
    """An office that reconnected a moment ago."""
    with administrator(office, consents()):
        assert reconnect(SLUG, MERE, True, 1, return_state=True).is_completed()
    return office


def switch(office: Office, **settings: bool) -> None:
    with office.database.write() as session:
        practices.change_settings(session, SLUG, settings, person=None, now=datetime.now(UTC))


def test_a_practice_that_is_not_connected_is_told_to_reconnect(office: Office) -> None:
    state = sync(SLUG, return_state=True)
    assert (state.name, state.is_failed()) == ("Action Required", True)
    assert (state.message or "").startswith("Harbour & Vale is not connected to Xero Practice Manager.")
    assert office.counted("sync_run") == 0


def test_a_job_sync_alone_is_refused_while_jobs_are_maintained_in_fyi(connected: Office) -> None:
    switch(connected, maintain_jobs=True)
    state = sync(SLUG, [Entity.JOBS], return_state=True)
    assert (state.name, state.is_failed()) == ("Action Required", True)
    assert "Jobs were not synchronised because Maintain Jobs in FYI is On" in (state.message or "")


def test_overnight_custom_fields_follow_their_setting_and_a_manual_sync_does_not(connected: Office) -> None:
    switch(connected, sync_custom_fields=False)
    fields = [Entity.CUSTOM_FIELDS, Entity.STAFF]
    night = sync(SLUG, fields, SyncMode.FULL, SyncTrigger.OVERNIGHT, return_state=True)
    assert "Sync Custom Fields From XPM is Off" in (night.message or "")
    by_hand = sync(SLUG, fields, SyncMode.FULL, SyncTrigger.MANUAL, return_state=True)
    assert by_hand.message == "Harbour & Vale is up to date."


def test_tax_returns_that_are_switched_off_are_left_out_with_the_reason(connected: Office) -> None:
    switch(connected, import_tax_assessments=False)
    state = sync(SLUG, [Entity.TAX_RETURNS, Entity.STAFF], return_state=True)
    assert state.is_completed()
    assert "Tax returns were not synchronised because Import tax assessments is Off" in (state.message or "")


def test_one_part_that_fails_does_not_stop_the_others_and_the_whole_is_no_success(connected: Office) -> None:
    connected.sandbox.world.faults.order(fault_from(REFUSAL))
    state = sync(SLUG, return_state=True)
    assert (state.name, state.is_failed()) == ("Failure", True)
    assert "Clients could not be synchronised" in (state.message or "")
    last = [entry for entry in connected.activity() if entry.kind.startswith("sync.")][-5:]
    assert [entry.status for entry in last].count(ActivityStatus.SUCCESS) == 4


def test_retrying_a_run_repeats_only_the_part_that_failed(connected: Office) -> None:
    world = connected.sandbox.world
    world.faults.order(fault_from(REFUSAL))
    failed = sync(SLUG, return_state=True)
    world.faults.clear()
    world.journal.clear()
    assert retried(failed).name == "Completed"
    assert [seen["path"] for seen in world.journal.requests()] == ["clientgroup.api/list", "client.api/list"]


def test_a_dead_consent_is_said_once_and_every_part_ends_at_once(connected: Office) -> None:
    world = connected.sandbox.world
    httpx.post(f"{connected.sandbox.url}/sandbox/tokens/revoke", json={"email": MERE}).raise_for_status()
    world.journal.clear()
    before = len(connected.activity())
    state = sync(SLUG, return_state=True)
    assert (state.name, state.is_failed()) == ("Failure", True)
    said = [entry.title for entry in connected.activity()[before:]]
    assert said.count("XPM needs to reconnect") == 1
    assert said.count("There is a problem with your XPM integration and authentication failed") == 1
    assert len(world.journal.requests()) <= len(Entity)


def retried(ended: State[Any]) -> State[Any]:
    """Carry a run out again, as `prefect flow-run retry` does for runs without a deployment."""
    flow_run_id = ended.state_details.flow_run_id
    assert flow_run_id is not None
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run_id, Scheduled(), force=True)
        run = client.read_flow_run(flow_run_id)
    state = run_flow(sync, flow_run=run, parameters=run.parameters, return_type="state")
    assert isinstance(state, State)
    return state
