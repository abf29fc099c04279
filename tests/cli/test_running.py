"""`fyi-xpm sync`, `push` and `reconnect` start a run in Prefect. The run's final state decides the exit code."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import uuid4

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelled, Completed, Crashed, Failed

from tests.cli.office import moved_in, some_jobs, synced
from tests.cli.shell import MERE, SLUG, Installed, Shell
from tests.cli.worker import worker_that_ends_the_next_run
from xpm.store import people
from xpm.store.consent import attempts, connections
from xpm.store.pull import runs
from xpm.store.pull.runs import RunCounts
from xpm.store.vocabulary import ConnectionState, SyncMode, SyncTrigger

ON_PREFECT = pytest.mark.xdist_group("prefect-of-cli")


@contextmanager
def program_that_answers(status: int) -> Iterator[str]:
    """Listen in place of Prefect and answer every request with this status. Yields the address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name it has there
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()
        thread.join()


def made(installed: Installed, calls: int, size: int) -> Callable[[FlowRun], None]:
    """What a run does that makes this many calls, as predicted."""

    def work(flow_run: FlowRun) -> None:
        with installed.database.write() as session:
            run = runs.start(
                session,
                practice=SLUG,
                tenant_id="a-tenant",
                entity="clients",
                mode=SyncMode.FULL,
                trigger=SyncTrigger.MANUAL,
                flow_run_id=str(flow_run.id),
                predicted_calls=calls,
                now=datetime.now(UTC),
            )
            runs.checkpoint(session, run.id, RunCounts(calls=calls, bytes=size))

    return work


@ON_PREFECT
@pytest.mark.parametrize(
    "ending",
    [
        Completed(message="All is in step."),
        Failed(name="Action Required", message="Reconnect XPM."),
        Crashed(message="The process is gone."),
        Cancelled(message="Somebody cancelled it."),
    ],
    ids=["completed", "action required", "crashed", "cancelled"],
)
def test_only_a_completed_run_exits_with_zero(
    fyi_xpm: Shell, installed: Installed, prefect: SyncPrefectClient, deployed_once: None, ending: State
) -> None:
    installed.add_practice()

    with worker_that_ends_the_next_run(ending):
        said = fyi_xpm("sync", SLUG)

    assert said.code == (0 if ending.is_completed() else 1)
    assert said.out.splitlines()[-1] == ending.message


@ON_PREFECT
def test_a_sync_passes_its_options_to_the_runbook(
    fyi_xpm: Shell, installed: Installed, prefect: SyncPrefectClient, deployed_once: None
) -> None:
    installed.add_practice()

    with worker_that_ends_the_next_run(Completed()) as taken:
        fyi_xpm(
            "sync", SLUG, "--only", "jobs", "--only", "staff", "--changes", "--person", MERE, "--confirm-missing", "30"
        )

    assert taken[0].parameters == {
        "practice": SLUG,
        "entities": ["jobs", "staff"],
        "mode": "changes",
        "trigger": "manual",
        "person": MERE,
        "confirm_missing": 30,
    }


@ON_PREFECT
def test_a_push_starts_its_runbook_for_the_practice_and_says_how_it_ended(
    fyi_xpm: Shell, installed: Installed, prefect: SyncPrefectClient, deployed_once: None
) -> None:
    moved_in(installed, SLUG, count=1)
    fyi_xpm("edit", "job", "J1", "name=Named in FYI", "--by", MERE)
    synced(installed, some_jobs(1, version=1), "next night", hours=24)
    ending: State[None] = Failed(name="Action Required", message="Somebody has to decide.")

    with worker_that_ends_the_next_run(ending, made(installed, calls=1, size=1_500)) as taken:
        said = fyi_xpm("push", SLUG, "--by", MERE)

    assert taken[0].parameters == {"practice": SLUG}
    decide = f"See what waits for a decision: fyi-xpm edits list {SLUG}"
    assert (said.code, said.out.splitlines()[-2:]) == (1, [ending.message, decide])


@ON_PREFECT
def test_a_sync_of_chosen_records_asks_only_for_them_and_their_custom_fields(
    fyi_xpm: Shell, installed: Installed, prefect: SyncPrefectClient, deployed_once: None
) -> None:
    installed.add_practice()

    with worker_that_ends_the_next_run(Completed()) as taken:
        fyi_xpm("sync", SLUG, "--record", "J000123", "--record", "J000124")
    refused = fyi_xpm("sync", SLUG, "--only", "jobs", "--record", "J000123")

    assert taken[0].parameters["entities"] == ["jobs", "custom_field_definitions"]
    assert taken[0].parameters["records"] == ["J000123", "J000124"]
    assert refused.code == 2
    assert "leave out --only" in " ".join(refused.err.split())


@ON_PREFECT
def test_a_sync_prints_the_predicted_requests_before_it_starts_and_the_real_ones_after(
    fyi_xpm: Shell, installed: Installed, prefect: SyncPrefectClient, deployed_once: None
) -> None:
    installed.add_practice()
    with installed.database.write() as session:
        connections.get(session, SLUG).tenant_id = "a-tenant"

    with worker_that_ends_the_next_run(Completed(message="All is in step."), made(installed, calls=2, size=1_500)):
        said = fyi_xpm("sync", SLUG, "--only", "clients")

    before, *_, last = said.out.splitlines()
    assert before == "Xero: about 2 requests, size unknown, 1 minute at 60 requests a minute"
    assert last == "Xero: predicted 2 requests, size unknown; made 2 requests, 2 kB"


@ON_PREFECT
def test_json_has_the_end_of_the_run_and_nothing_else_is_printed(
    fyi_xpm: Shell, installed: Installed, prefect: SyncPrefectClient, deployed_once: None
) -> None:
    installed.add_practice()

    ending: State = Failed(name="Action Required", message="Reconnect XPM.")
    with worker_that_ends_the_next_run(ending, made(installed, calls=2, size=1_500)) as taken:
        said = fyi_xpm("sync", SLUG, "--only", "clients", "--json")

    found = json.loads(said.out)
    assert (said.code, said.err) == (1, "")
    assert (found["id"], found["completed"]) == (str(taken[0].id), False)
    assert (found["state"], found["message"]) == ("Action Required", "Reconnect XPM.")
    assert "made 2 requests" in found["took"]["title"]


@ON_PREFECT
def test_a_reconnect_passes_its_options_to_the_runbook(
    fyi_xpm: Shell, installed: Installed, prefect: SyncPrefectClient, deployed_once: None
) -> None:
    installed.add_practice()

    with worker_that_ends_the_next_run(Completed()) as taken:
        fyi_xpm("reconnect", SLUG, "--admin", MERE, "--long-term-user", "--minutes", "5", "--another-account")

    assert taken[0].parameters == {
        "practice": SLUG,
        "admin_email": MERE,
        "long_term_user": True,
        "answer_within_minutes": 5,
        "another_account": True,
    }


@pytest.mark.parametrize(
    ("status", "cure"),
    [(404, "fyi-xpm deploy"), (401, ".xpm/prefect-auth-string"), (500, "PREFECT_API_URL")],
    ids=["not deployed", "another password", "in trouble"],
)
def test_an_error_from_prefect_is_reported_with_its_cure(
    fyi_xpm: Shell, installed: Installed, status: int, cure: str
) -> None:
    installed.add_practice()

    with program_that_answers(status) as url, temporary_settings({PREFECT_API_URL: url}):
        said = fyi_xpm("sync", SLUG)

    assert (said.code, said.out) == (2, "")
    assert cure in said.err
    assert said.err.count("\n") == 1


def test_a_reconnect_that_somebody_else_has_under_way_is_not_ended_without_a_word(
    fyi_xpm: Shell, installed: Installed
) -> None:
    installed.add_practice()
    run, now = str(uuid4()), datetime.now(UTC)
    with installed.database.write() as session:
        user = people.by_email(session, SLUG, MERE)
        assert user
        until = now + timedelta(hours=1)
        attempts.open_attempt(session, practice=SLUG, user_id=user.id, flow_run_id=run, expires_at=until, now=now)
        connections.move(session, SLUG, ConnectionState.AUTHORISING, flow_run_id=run, now=now)

    refused = fyi_xpm("reconnect", SLUG, "--admin", "sam@harbourvale.example", "--long-term-user")

    assert refused.code != 0
    assert f"{user.name} is reconnecting XPM already" in refused.err
    assert "Sydney time" in refused.err
    assert "--take-over" in refused.err
