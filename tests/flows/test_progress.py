"""Prefect shows how far a sync is while it runs, and finally how it ended."""

import logging
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from prefect import flow, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact, State
from prefect.states import Crashed

from flows.sync import sync
from sandbox.faults import fault_from
from sandbox.world import HARBOUR_VALE
from tasks.progress import ALL, UPDATE_EVERY, PublishedProgress
from tests.flows.office import SLUG, Office
from xpm.entities.names import Entity
from xpm.quota.progress import Prediction, Standing
from xpm.store import leases
from xpm.store.pull import runs
from xpm.store.vocabulary import SyncMode, SyncTrigger
from xpm.words import stop

pytestmark = pytest.mark.xdist_group("prefect")

WATCHED = "a-practice-that-is-watched"
OF_JOBS = ArtifactFilter(key=ArtifactFilterKey(any_=[f"xpm-progress-{WATCHED}-jobs"]))
HALF = Standing(Prediction(9, None, 20_000), records=10_000, calls=3, elapsed=timedelta(minutes=1))
BEGINNING = Standing(HALF.predicted, records=0, calls=0, elapsed=timedelta())


def progress_of(state: State) -> dict[str, Artifact]:
    """Return the progress artifacts of a run, by key."""
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[flow_run_of(state)]))
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=of_run)
    return {str(one.key): one for one in found if one.type == "progress"}


def flow_run_of(state: State) -> UUID:
    assert state.state_details.flow_run_id is not None
    return state.state_details.flow_run_id


def test_every_sync_shows_its_progress_and_then_its_result(connected: Office) -> None:
    state = sync(SLUG, [Entity.STAFF, Entity.CUSTOM_FIELDS], SyncMode.CHANGES, return_state=True)
    shown = progress_of(state)
    assert sorted(shown) == [f"xpm-progress-{SLUG}-custom-field-definitions", f"xpm-progress-{SLUG}-staff"]
    staff = shown[f"xpm-progress-{SLUG}-staff"]
    assert staff.data == ALL
    assert (staff.description or "").startswith("Staff synchronised. 0 added, 0 changed, 0 archived, 4 unchanged.")
    assert "predicted 1 request, 2 kB; made 1 request, 2 kB" in (staff.description or "")


def test_a_failed_sync_says_so_and_is_not_shown_as_done(connected: Office) -> None:
    refusal = {"area": "xpm", "path": "staff.api/list", "kind": "error_body", "description": "No", "times": 0}
    connected.sandbox.world.faults.inject(fault_from(refusal))
    (shown,) = progress_of(sync(SLUG, [Entity.STAFF], return_state=True)).values()
    assert shown.data == 0
    assert (shown.description or "").startswith("Staff could not be synchronised.")


def test_a_sync_takes_over_from_a_run_that_prefect_knows_to_be_over(
    connected: Office, caplog: pytest.LogCaptureFixture
) -> None:
    with get_client(sync_client=True) as client:
        crashed = str(client.create_flow_run(sync, parameters={"practice": SLUG}, state=Crashed()).id)
    with connected.database.write() as session:
        now = datetime.now(UTC)
        assert leases.acquire(session, f"sync/{SLUG}/staff", crashed, now)
        runs.start(
            session,
            practice=SLUG,
            tenant_id=HARBOUR_VALE,
            entity="staff",
            mode=SyncMode.FULL,
            trigger=SyncTrigger.MANUAL,
            flow_run_id=crashed,
            now=now,
        )
    began = time.monotonic()
    with caplog.at_level(logging.INFO):
        state = sync(SLUG, [Entity.STAFF], return_state=True)
    assert state.is_completed()
    assert time.monotonic() - began < leases.DEAD_AFTER.total_seconds()
    assert "Staff: waiting for a run that started at" in caplog.text
    assert f"/runs/flow-run/{crashed}" in caplog.text


def test_progress_is_updated_every_few_seconds_at_most(prefect_url: str) -> None:
    seconds = [0.0]

    @flow(name="watched")
    def watched() -> list[str | None]:
        progress = PublishedProgress(WATCHED, Entity.JOBS, 60, lambda: seconds[0])
        seen = []
        for at, standing in [(0.0, BEGINNING), (UPDATE_EVERY - 0.1, HALF), (UPDATE_EVERY, HALF)]:
            seconds[0] = at
            progress(standing)
            seen.append(latest())
        progress.end(stop("sync.interrupted", entity="Jobs"))
        return [*seen, latest()]

    begun, too_soon, half, ended = watched()
    assert begun == too_soon == "0: Jobs: about 9 requests, size unknown, 1 minute at 60 requests a minute"
    assert half == "50: Jobs: 10,000 of about 20,000 records, 3 of about 9 requests, less than a minute left"
    assert (ended or "").startswith("50: The sync of Jobs was interrupted.")


def latest() -> str | None:
    """Read what the artifact of jobs says now."""
    with get_client(sync_client=True) as client:
        (found,) = client.read_artifacts(artifact_filter=OF_JOBS)
    return f"{found.data:.0f}: {found.description}"


def test_progress_that_prefect_refuses_is_logged_and_fails_nothing(
    prefect_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    @flow(name="watched")
    def watched() -> str:
        progress = PublishedProgress("NO KEY OF PREFECT'S", Entity.JOBS, 60)
        progress(BEGINNING)
        progress.end(stop("sync.interrupted", entity="Jobs"))
        return "went on"

    with caplog.at_level(logging.WARNING):
        assert watched() == "went on"
    assert caplog.text.count("How far the sync of Jobs is could not be shown in Prefect") == 2
