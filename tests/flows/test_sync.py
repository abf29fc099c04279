"""The sync runbook: entities that fail alone, retries that repeat only what failed, and entities left out."""

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from logging import Logger
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from prefect import Flow, flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import State
from prefect.exceptions import FailedRun
from prefect.flow_engine import run_flow
from prefect.logging.loggers import flow_run_logger
from prefect.states import Scheduled
from sqlalchemy import text

from flows.ending import cancelled, crashed, failed
from flows.reconnect import reconnect
from flows.revert import revert as revert_flow
from flows.sync import sync
from flows.watch import watch
from sandbox.accounts import edits
from sandbox.faults import fault_from
from sandbox.world import HARBOUR_VALE, MERE, SAM
from tests.flows.office import SLUG, Office
from tests.profiles import deep_but
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.store import practices
from xpm.store.vocabulary import ActivityStatus, SyncMode, SyncTrigger
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.revert import RevertRequest, preview, revert

REFUSAL = {"area": "xpm", "path": "client.api/list", "kind": "error_body", "description": "No", "times": 0}
"""Xero understands the request and refuses it. Waiting does not help, so no retry waits."""

pytestmark = pytest.mark.xdist_group("prefect")


def switch(office: Office, **settings: bool) -> None:
    with office.database.write() as session:
        practices.change_settings(session, SLUG, settings, person=None, now=datetime.now(UTC))


def test_a_practice_that_is_not_connected_is_told_to_reconnect(office: Office) -> None:
    state = sync(SLUG, return_state=True)
    assert (state.name, state.is_failed()) == ("Action Required", True)
    assert (state.message or "").startswith("Harbour & Vale is not connected to Xero Practice Manager.")
    assert office.counted("sync_run") == 0


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_unknown_practice_ends_with_the_names_of_the_known_ones(office: Office, dry_run: bool) -> None:
    state = sync("Harbour Vale", dry_run=dry_run, return_state=True)
    assert (state.name, state.is_failed()) == ("Failure", True)
    assert (state.message or "").startswith("There is no practice called “Harbour Vale”.")
    assert "The practices known here are: harbour-vale." in (state.message or "")


def test_a_users_sync_of_jobs_alone_is_refused_while_jobs_are_maintained_in_fyi(connected: Office) -> None:
    switch(connected, maintain_jobs=True)
    state = sync(SLUG, [Entity.JOBS], person=SAM, return_state=True)
    assert (state.name, state.is_failed()) == ("Action Required", True)
    assert "Jobs were left out because Maintain Jobs in FYI is On" in (state.message or "")
    assert sync(SLUG, [Entity.JOBS], person=MERE, return_state=True).is_completed()


def test_overnight_custom_fields_follow_their_setting_and_a_manual_sync_does_not(connected: Office) -> None:
    switch(connected, sync_custom_fields=False)
    fields = [Entity.CUSTOM_FIELDS, Entity.STAFF]
    night = sync(SLUG, fields, SyncMode.FULL, SyncTrigger.OVERNIGHT, return_state=True)
    assert "Sync Custom Fields From XPM is Off" in (night.message or "")
    except_for = "Harbour & Vale is up to date, except for what was left out: custom fields."
    assert (night.message or "").startswith(except_for)
    by_hand = sync(SLUG, fields, SyncMode.FULL, SyncTrigger.MANUAL, return_state=True)
    assert by_hand.message == "Harbour & Vale is up to date."


def test_a_run_of_nothing_is_not_a_success(connected: Office) -> None:
    state = sync(SLUG, [], return_state=True)
    assert (state.name, state.message) == (
        "Action Required",
        "Nothing of Harbour & Vale was synchronised. "
        "Change the Xero Practice Manager Settings if this is not what you want.",
    )


def test_tax_returns_that_are_switched_off_are_left_out_with_the_reason(connected: Office) -> None:
    switch(connected, import_tax_assessments=False)
    state = sync(SLUG, [Entity.TAX_RETURNS, Entity.STAFF], return_state=True)
    assert state.is_completed()
    assert "Tax returns were not synchronised because Import tax assessments is Off" in (state.message or "")


def test_one_failed_entity_does_not_stop_the_others_but_the_run_is_not_a_success(connected: Office) -> None:
    connected.sandbox.world.faults.inject(fault_from(REFUSAL))
    state = sync(SLUG, return_state=True)
    assert (state.name, state.is_failed()) == ("Failure", True)
    assert "Clients could not be synchronised" in (state.message or "")
    last = [entry for entry in connected.activity() if entry.kind.startswith("sync.")][-5:]
    assert [entry.status for entry in last].count(ActivityStatus.SUCCESS) == 4


@pytest.mark.parametrize(
    "person", deep_but({""}, ["", f"{'mere' * 50}@harbourvale.example"]), ids=["nobody", "a long name"]
)
def test_retrying_a_run_repeats_only_the_failed_entity(connected: Office, person: str) -> None:
    world = connected.sandbox.world
    world.faults.inject(fault_from(REFUSAL))
    failed = sync(SLUG, person=person, return_state=True)
    world.faults.clear()
    world.request_log.clear()
    assert retried(failed).name == "Completed"
    assert [seen["path"] for seen in world.request_log.requests()] == [
        "client.api/list"
    ]  # the groups had already arrived


def test_retrying_a_run_repeats_an_entity_that_needs_a_look(connected: Office) -> None:
    world = connected.sandbox.world
    world.faults.inject(fault_from({"area": "xpm", "path": "client.api/list", "kind": "bad_record", "times": 1}))
    ended = sync(SLUG, return_state=True)
    assert ended.name == "Action Required"
    world.request_log.clear()
    assert retried(ended).name == "Completed"
    assert [seen["path"] for seen in world.request_log.requests()] == ["clientgroup.api/list", "client.api/list"]


def test_retrying_a_run_repeats_only_the_entity_that_a_setting_left_out(connected: Office) -> None:
    world = connected.sandbox.world
    switch(connected, import_tax_assessments=False)
    ended = sync(SLUG, [Entity.STAFF, Entity.TAX_RETURNS], return_state=True)
    switch(connected, import_tax_assessments=True)
    world.request_log.clear()
    assert retried(ended).message == "Harbour & Vale is up to date."
    assert {seen["area"] for seen in world.request_log.requests()} == {"tax"}


def test_retrying_a_run_repeats_what_was_reverted_since(connected: Office) -> None:
    world = connected.sandbox.world
    edits.add(world.accounts[HARBOUR_VALE], "staff", {"Name": "Ana Reid"})
    world.faults.inject(fault_from(REFUSAL))
    failed = sync(SLUG, [Entity.CLIENTS, Entity.STAFF], return_state=True)
    with Integration.opened() as integration:
        request = RevertRequest(practice=SLUG, run=str(flow_run_of(failed)))
        revert(integration, request, preview(integration, request), WhenChangedSince.STOP)
    world.faults.clear()
    assert retried(failed).message == "Harbour & Vale is up to date."
    assert connected.counted("staff") == 5


def test_a_dead_consent_is_logged_once_and_ends_every_entity_at_once(connected: Office) -> None:
    world = connected.sandbox.world
    httpx.post(f"{connected.sandbox.url}/sandbox/tokens/revoke", json={"email": MERE}).raise_for_status()
    world.request_log.clear()
    before = len(connected.activity())
    state = sync(SLUG, return_state=True)
    assert (state.name, state.is_failed()) == ("Failure", True)
    said = [entry.title for entry in connected.activity()[before:]]
    assert said.count("XPM needs to reconnect") == 1
    assert said.count("There is a problem with your XPM integration and authentication failed") == 1
    assert len(world.request_log.requests()) <= len(Entity)


@pytest.fixture
def dry_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which dry runs put their files."""
    folder = tmp_path / "dry-runs"
    monkeypatch.setenv("XPM_DRY_RUNS", str(folder))
    return folder


def test_a_dry_run_writes_nothing_and_lists_what_a_sync_would_change(connected: Office, dry_runs: Path) -> None:
    xpm = connected.sandbox.world.accounts[HARBOUR_VALE]
    clients = list(xpm.clients.records())
    edits.change(xpm, "clients", clients[0]["UUID"], {"Phone": "=1+1"})
    edits.archive(xpm, clients[1]["UUID"])
    stored = connected.everything_stored()

    state = sync(SLUG, [Entity.STAFF, Entity.CLIENTS], dry_run=True, return_state=True)

    assert (state.name, state.is_completed()) == ("Dry run", True)
    assert state.message == (
        "Dry run of Harbour & Vale, nothing was written: 0 would be added, 1 changed, 1 archived, 0 brought back."
    )
    assert connected.everything_stored() == stored
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(flow_run_of(state))
        (listed,) = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[f"xpm-dry-run-{SLUG}"]))
        )
    assert run.name == "harbour-vale · manual dry run, full"
    (file,) = dry_runs.iterdir()
    assert file.name == f"{run.id}.csv"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "'=1+1" in file.read_text("utf-8-sig")
    shown = [tuple(line.values()) for line in json.loads(str(listed.data))]
    assert shown == [
        ("Clients", clients[1]["UUID"], clients[1]["Name"], "archived", "is_archived", "no", "yes"),
        ("Clients", clients[1]["UUID"], clients[1]["Name"], "archived", "archived", "", "archived"),
        ("Clients", clients[0]["UUID"], clients[0]["Name"], "changed", "phone", clients[0]["Phone"] or "", "=1+1"),
    ]
    assert f"3 of 3 lines are shown here; the file {file} has all of them" in (listed.description or "")


def test_many_removed_records_are_confirmed_by_their_number_and_a_dry_run_shows_them_first(
    connected: Office, dry_runs: Path
) -> None:
    xpm = connected.sandbox.world.accounts[HARBOUR_VALE]
    hired = [edits.add(xpm, "staff", {"Name": f"Person {number}"})["UUID"] for number in range(30)]
    assert sync(SLUG, [Entity.STAFF], return_state=True).is_completed()
    for uuid in hired:
        edits.delete(xpm, "staff", uuid)
    assert sync(SLUG, [Entity.STAFF], return_state=True).name == "Action Required"

    previewed = sync(SLUG, [Entity.STAFF], confirm_missing=30, dry_run=True, return_state=True)
    confirmed = sync(SLUG, [Entity.STAFF], confirm_missing=30, return_state=True)

    assert "30 archived" in (previewed.message or "")
    assert confirmed.is_completed()


def test_a_dry_run_of_custom_fields_covers_records_that_the_same_run_would_add(
    connected: Office, dry_runs: Path
) -> None:
    xpm = connected.sandbox.world.accounts[HARBOUR_VALE]
    added = edits.add(xpm, "clients", {"Name": "Newcomer & Co"})["UUID"]
    connected.sandbox.world.request_log.clear()
    assert sync(SLUG, [Entity.CLIENTS, Entity.CUSTOM_FIELDS], dry_run=True, return_state=True).is_completed()
    asked = [seen["path"] for seen in connected.sandbox.world.request_log.requests()]
    assert f"client.api/get/{added}/customfield" in asked


def test_a_dry_run_does_not_ask_again_for_values_that_a_sync_compared_within_a_day(
    connected: Office, dry_runs: Path
) -> None:
    connected.sandbox.world.request_log.clear()
    assert sync(SLUG, [Entity.CUSTOM_FIELDS], dry_run=True, return_state=True).is_completed()
    (asked,) = {call["path"] for call in connected.sandbox.world.request_log.requests() if call["area"] == "xpm"}
    assert asked.endswith("customfield.api/definition")


def test_a_dry_run_that_could_not_check_everything_fails_and_logs_nothing(connected: Office, dry_runs: Path) -> None:
    connected.sandbox.world.faults.inject(fault_from(REFUSAL))
    stored = connected.everything_stored()
    state = sync(SLUG, [Entity.CLIENTS, Entity.STAFF], dry_run=True, return_state=True)
    assert (state.name, state.is_failed()) == ("Dry run failed", True)
    assert "Clients could not be synchronised" in (state.message or "")
    assert connected.everything_stored() == stored


@pytest.mark.parametrize("hook", [crashed, cancelled, failed])
def test_a_dry_run_that_is_interrupted_or_cannot_begin_logs_nothing(office: Office, hook: Callable[..., None]) -> None:
    stored = office.everything_stored()
    state = sync(SLUG, dry_run=True, return_state=True)
    assert (state.name, state.is_failed()) == ("Action Required", True)
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(flow_run_of(state))
    hook(sync, run, state)
    assert office.everything_stored() == stored


@pytest.mark.parametrize("hook", [crashed, cancelled, failed])
def test_an_interrupted_run_of_an_unknown_practice_leaves_nothing_behind(
    office: Office, hook: Callable[..., None]
) -> None:
    stored = office.everything_stored()
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(sync, parameters={"practice": "Harbour Vale"})
    assert run.state is not None
    hook(sync, run, run.state)
    assert office.everything_stored() == stored


def test_a_sync_that_ends_with_an_unexpected_error_is_logged(connected: Office) -> None:
    with connected.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE fyi_user RENAME TO elsewhere")
    assert sync(SLUG, [Entity.STAFF], return_state=True).name == "Failed"
    assert connected.activity()[-1].kind == "runbook.failed"


@pytest.mark.parametrize(("revision", "says"), [("r0001", "an older version"), ("r9999", "a newer version")])
def test_no_flow_touches_a_database_of_another_version(connected: Office, revision: str, says: str) -> None:
    with connected.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    stored = connected.everything_stored()
    for state in (
        sync(SLUG, return_state=True),
        reconnect(SLUG, MERE, True, return_state=True),
        revert_flow(SLUG, since=datetime(2026, 1, 1, tzinfo=UTC), return_state=True),
        watch(return_state=True),
    ):
        assert (state.name, says in (state.message or "")) == ("Failure", True)
    assert connected.everything_stored() == stored


def flow_run_of(state: State[Any]) -> UUID:
    """Return the run that ended in this state."""
    assert state.state_details.flow_run_id is not None
    return state.state_details.flow_run_id


def retried(ended: State[Any], flow: Flow[..., Any] = sync) -> State[Any]:
    """Retry a run of this flow, as `prefect flow-run retry` does for runs without a deployment."""
    flow_run_id = ended.state_details.flow_run_id
    assert flow_run_id is not None
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run_id, Scheduled(), force=True)
        run = client.read_flow_run(flow_run_id)
    state = run_flow(flow, flow_run=run, parameters=run.parameters, return_type="state")
    assert isinstance(state, State)
    return state


def test_chosen_records_are_synchronised_and_nothing_else(connected: Office) -> None:
    state = sync(SLUG, records=["J-NOWHERE"], return_state=True)
    assert (state.name, state.is_failed()) == ("Action Required", True)
    assert "there is no current client or job J-NOWHERE" in (state.message or "")


def test_a_foreseen_stop_leaves_its_sentence_in_the_runs_log_and_no_traceback(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    sync(SLUG, return_state=True)
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert any(record.getMessage().startswith("Harbour & Vale is not connected") for record in errors)
    assert not [record for record in errors if record.exc_info]


def test_nor_does_the_process_of_a_worker_leave_a_traceback_of_a_foreseen_end(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(sync, parameters={"practice": SLUG})
    with pytest.raises(FailedRun):
        run_flow(sync, flow_run=run, parameters=run.parameters, error_logger=cast("Logger", flow_run_logger(run)))
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert errors[-1].getMessage().startswith("Harbour & Vale is not connected")
    assert not [record for record in errors if record.exc_info]


def test_an_error_that_nobody_foresaw_keeps_its_traceback(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    @task
    def stumble() -> None:
        raise ZeroDivisionError

    @flow
    def stumbling() -> None:
        stumble(return_state=True)

    stumbling()
    assert [record for record in caplog.records if record.exc_info and record.exc_info[0] is ZeroDivisionError]


@pytest.mark.deep
def test_while_xero_is_away_practice_activity_says_that_the_step_waits_and_goes_on(
    connected: Office, caplog: pytest.LogCaptureFixture
) -> None:
    away = {"area": "xpm", "path": "staff.api/list", "kind": "status", "status": 503, "times": 4}
    connected.sandbox.world.faults.inject(fault_from(away))
    state = sync(SLUG, [Entity.STAFF], return_state=True)
    assert state.is_completed()
    (entry,) = [one for one in connected.activity() if one.kind == "sync.tries_again"]
    assert entry.status is ActivityStatus.IN_PROGRESS
    assert entry.title == "Staff: waiting for Xero; the next try follows in about 5 seconds"
    assert entry.detail
    assert entry.flow_run_id == str(state.state_details.flow_run_id)
    assert not [record for record in caplog.records if record.exc_info]
