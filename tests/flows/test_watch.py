"""The watch on a real Prefect server: what it notices, who is told, and how often."""

import sqlite3
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactCollectionFilter,
    ArtifactCollectionFilterKey,
    ArtifactFilter,
    ArtifactFilterKey,
)
from prefect.client.schemas.sorting import ArtifactSort
from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter, EventResourceFilter
from prefect.events.schemas.events import Event
from prefect.events.worker import EventsWorker
from prefect.settings import PREFECT_HOME

from cli.main import main
from flows.reconnect import reconnect
from flows.sync import sync
from flows.watch import watch
from sandbox.faults import fault_from
from sandbox.identity.connections import PRACTICE
from sandbox.world import MERE
from tests.flows.office import SLUG, Office, administrator, consents
from xpm.entities.names import Entity
from xpm.store import people, practices

pytestmark = pytest.mark.xdist_group("prefect")

PATIENCE = 20.0  # seconds until emitted events can be read


@pytest.fixture
def began() -> datetime:
    """The time the test began; all tests of this process share a Prefect server."""
    return datetime.now(UTC)


def events(since: datetime, at_least: int) -> list[Event]:
    """Read everything announced since then, oldest first."""
    EventsWorker.drain_all()
    wanted = EventFilter(
        occurred=EventOccurredFilter(since=since, until=datetime.now(UTC) + timedelta(minutes=1)),
        event=EventNameFilter(prefix=["xpm.connection."]),
        resource=EventResourceFilter(id=[f"xpm.connection.{SLUG}"]),
    )
    deadline = time.monotonic() + PATIENCE
    with get_client(sync_client=True) as client:
        while True:
            found = client.read_events(wanted, limit=50).events
            if len(found) >= at_least or time.monotonic() > deadline:
                return sorted(found, key=lambda event: event.occurred)
            time.sleep(0.1)


def disconnect_at_xero(office: Office) -> None:
    """Remove the app from the connected apps in Xero."""
    known = httpx.get(f"{office.sandbox.url}/sandbox/world").json()["connections"]
    for one in known:
        if one["tenantType"] == PRACTICE:
            httpx.delete(f"{office.sandbox.url}/sandbox/connections/{one['id']}").raise_for_status()


def shown(key: str) -> str:
    """Read what Prefect shows under an artifact's key."""
    with get_client(sync_client=True) as client:
        (found,) = client.read_latest_artifacts(
            artifact_filter=ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=[key]))
        )
    return str(found.data)


def test_a_disconnect_is_noticed_announced_once_and_shown_in_the_status(
    connected: Office, began: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert watch(return_state=True).is_completed()
    disconnect_at_xero(connected)
    before = len(connected.activity())
    states = [watch(return_state=True) for _ in range(3)]

    assert {(state.name, state.is_failed()) for state in states} == {("Action Required", True)}
    assert "harbour-vale: Harbour & Vale was disconnected in Xero." in (states[-1].message or "")
    assert [entry.kind for entry in connected.activity()[before:]] == ["connection.disconnected"]
    (announced,) = events(began, 1)
    assert announced.event == "xpm.connection.broken"
    assert announced.payload == {
        "practice": SLUG,
        "title": "Harbour & Vale was disconnected in Xero",
        "next": "An FYI Admin opens Apps, Xero Practice Manager and clicks Reconnect XPM.",
    }
    assert "was disconnected in Xero" in shown(f"xpm-connection-{SLUG}")
    with pytest.raises(SystemExit):
        main(("status",))
    assert "Harbour & Vale was disconnected in Xero" in capsys.readouterr().out


def test_a_sync_announces_a_dead_consent_once_and_the_reconnect_announces_the_recovery(
    connected: Office, began: datetime
) -> None:
    httpx.post(f"{connected.sandbox.url}/sandbox/tokens/revoke", json={"email": MERE}).raise_for_status()
    sync(SLUG, return_state=True)
    sync(SLUG, [Entity.STAFF], return_state=True)
    watch(return_state=True)
    with administrator(connected, consents()):
        assert reconnect(SLUG, MERE, True, 1, return_state=True).is_completed()
    watch(return_state=True)
    announced = [(one.event, one.payload["title"]) for one in events(began, 2)]
    assert announced == [
        ("xpm.connection.broken", "XPM needs to reconnect"),
        ("xpm.connection.recovered", "The connection between FYI and Xero Practice Manager was reset"),
    ]


def test_a_person_who_leaves_is_announced_once_with_the_page_for_the_hand_over(
    connected: Office, began: datetime
) -> None:
    with connected.database.write() as session:
        person = people.by_email(session, SLUG, MERE)
        assert person
        people.update(session, person.id, leaving_on=date(2090, 1, 1))
    states = [watch(return_state=True) for _ in range(2)]
    assert {state.name for state in states} == {"Action Required"}
    (announced,) = events(began, 1)
    assert announced.event == "xpm.connection.hand-over-needed"
    assert f"http://127.0.0.1:4280/practices/{SLUG}" in announced.payload["next"]


def test_an_error_in_one_practice_does_not_stop_the_watch_of_the_next(connected: Office) -> None:
    with connected.database.write() as session:
        now = datetime.now(UTC)
        practices.add(
            session,
            slug="aaa-first",
            name="First",
            country="AU",
            time_zone="Australia/Sydney",
            history_start=now.date(),
            now=now,
        )
    with connected.database.engine.begin() as connection:
        connection.exec_driver_sql(
            "DELETE FROM connection WHERE practice = 'aaa-first'"
        )  # a state that no code here produces
    disconnect_at_xero(connected)
    state = watch(return_state=True)
    assert (state.name, state.is_failed()) == ("Failure", True)
    assert "aaa-first: Something unexpected happened (UnknownPractice)." in (state.message or "")
    assert f"{SLUG}: Harbour & Vale was disconnected in Xero." in (state.message or "")


def test_history_is_deleted_after_its_days_and_not_before(connected: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = connected.counted("record_change")
    with connected.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE record_change SET at = datetime(at, '-10 days')")
    watch(return_state=True)
    assert connected.counted("record_change") == kept
    monkeypatch.setenv("XPM_HISTORY_DAYS", "7")

    assert watch(return_state=True).is_completed()

    assert connected.counted("record_change") == 0
    assert connected.counted("job") == 12


def shown_by_dry_runs() -> set[UUID]:
    """Return the ids of dry runs' artifacts on the Prefect server that all tests of this process share."""
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[f"xpm-dry-run-{SLUG}"]))
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=wanted, sort=ArtifactSort.CREATED_DESC, limit=200, offset=0)
    return {one.id for one in found}


def let_ten_days_pass(artifacts: set[UUID]) -> None:
    """Make these artifacts and their runs ten days old in Prefect's own database."""
    with closing(sqlite3.connect(PREFECT_HOME.value() / "prefect.db", timeout=PATIENCE)) as prefect, prefect:
        for artifact in map(str, artifacts):
            run = "SELECT flow_run_id FROM artifact WHERE id = ?"
            prefect.execute(
                f"UPDATE flow_run SET start_time = datetime(start_time, '-10 days') WHERE id = ({run})",  # noqa: S608
                (artifact,),
            )
            prefect.execute("UPDATE artifact SET created = datetime(created, '-10 days') WHERE id = ?", (artifact,))


def test_artifacts_of_dry_runs_are_deleted_after_the_days_of_history_and_not_before(
    connected: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XPM_DRY_RUNS", str(tmp_path))
    before = shown_by_dry_runs()
    sync(SLUG, [Entity.STAFF], dry_run=True, return_state=True)
    old = shown_by_dry_runs() - before
    let_ten_days_pass(old)
    sync(SLUG, [Entity.STAFF], dry_run=True, return_state=True)
    all_of_them = shown_by_dry_runs()
    watch(return_state=True)
    assert shown_by_dry_runs() == all_of_them
    monkeypatch.setenv("XPM_HISTORY_DAYS", "7")

    assert watch(return_state=True).is_completed()

    assert len(old) == 1
    assert shown_by_dry_runs() == all_of_them - old


def test_an_outage_at_xero_is_a_failure_and_nothing_is_announced(connected: Office, began: datetime) -> None:
    connected.sandbox.world.faults.inject(fault_from({"area": "connections", "kind": "maintenance", "times": 0}))
    before = len(connected.activity())
    state = watch(return_state=True)
    assert (state.name, state.is_failed()) == ("Failure", True)
    assert len(connected.activity()) == before
    assert events(began, 0) == []
