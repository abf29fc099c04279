"""Waits for a person that outlive the program that asked: suspended runs, answered, cancelled or forgotten."""

from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Crashed, Suspended

from flows.watch import watch
from sandbox.world import COASTAL_NAME, MERE
from tests.flows.office import MADE_BY, SLUG, Office, consents_and_chooses, eventually, resume
from tests.flows.test_revert import change_a_job
from tests.flows.worker import environment_of, kill, worker
from xpm.store.consent import connections
from xpm.store.tables import AuthorisationAttempt
from xpm.store.vocabulary import ConnectionState

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.deep]

RECONNECT = "reconnect/reconnect-and-resync"


@pytest.fixture
def environment(deployed: None, office: Office, prefect_url: str, tmp_path: Path) -> Mapping[str, str]:
    """The environment of the worker and its runs."""
    return environment_of(office, prefect_url, tmp_path)


def start(minutes: float = 30) -> UUID:
    """Start a reconnect."""
    parameters = {"practice": SLUG, "admin_email": MERE, "long_term_user": True, "answer_within_minutes": minutes}
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(RECONNECT)
        return client.create_flow_run_from_deployment(deployment.id, parameters=parameters).id


def state_of(run_id: UUID) -> State:
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(run_id).state
    assert state
    return state


def suspended(run_id: UUID, after: State | None = None) -> None:
    """Wait until a run is suspended, or suspended anew."""
    until(run_id, lambda now: now.name == "Suspended" and (after is None or now.timestamp > after.timestamp))


def until(run_id: UUID, is_so: Callable[[State], bool], patience: float = 90) -> None:
    """Wait until a run is in such a state."""
    with get_client(sync_client=True) as client:
        eventually(lambda: (state := client.read_flow_run(run_id).state) and is_so(state), patience)


def until_it_waits(office: Office, environment: Mapping[str, str], minutes: float = 30) -> AuthorisationAttempt:
    """Let a worker bring a new reconnect to its first wait, and kill the worker."""
    with worker(environment) as process:
        run_id = start(minutes)
        suspended(run_id)
        kill(process)
    return eventually(office.waiting_attempt)


def entries(office: Office) -> list[str]:
    return [str(entry.kind) for entry in office.activity()]


def connection_state(office: Office) -> ConnectionState:
    with office.database.read() as session:
        return connections.get(session, SLUG).state


def test_answers_resume_a_run_whose_worker_was_killed_on_another_worker(
    office: Office, environment: Mapping[str, str]
) -> None:
    attempt = until_it_waits(office, environment)
    with worker(environment):
        consents_and_chooses(COASTAL_NAME)(office, attempt)
        until(UUID(attempt.flow_run_id), State.is_final, patience=120)
    assert state_of(UUID(attempt.flow_run_id)).is_completed()
    with office.database.read() as session:
        assert connections.get(session, SLUG).tenant_name == COASTAL_NAME
    for once in ("consent.waiting", "consent.granted", "choice.made", "connection.made"):
        assert entries(office).count(once) == 1
    assert [line for line in begun(office) if line == "reconnect"] == ["reconnect"]


def begun(office: Office) -> list[str]:
    """The actions of runs that the audit trail says began."""
    with office.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT action FROM audit_entry WHERE outcome = 'begun'")
        return [str(action) for (action,) in rows]


def test_a_run_that_is_resumed_without_an_answer_waits_again_with_the_same_link(
    office: Office, environment: Mapping[str, str]
) -> None:
    attempt = until_it_waits(office, environment)
    run_id = UUID(attempt.flow_run_id)
    before = state_of(run_id)
    with worker(environment), get_client(sync_client=True) as client:
        client.resume_flow_run(run_id, run_input={})
        suspended(run_id, after=before)
    again = eventually(office.waiting_attempt)
    assert (again.id, again.expires_at) == (attempt.id, attempt.expires_at)


def test_a_wait_that_nobody_answers_ends_with_a_word_to_practice_activity(
    office: Office, environment: Mapping[str, str]
) -> None:
    attempt = until_it_waits(office, environment, minutes=0.01)
    with worker(environment):
        watch(return_state=True)
        until(UUID(attempt.flow_run_id), State.is_final)
    assert state_of(UUID(attempt.flow_run_id)).name == "Action Required"
    assert entries(office)[-1] == "consent.not_answered"
    assert connection_state(office) is ConnectionState.NOT_CONNECTED


def test_a_revert_asks_again_if_what_it_would_take_back_changed_while_it_waited(
    connected: Office, environment: Mapping[str, str]
) -> None:
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("revert/revert-sync")
        parameters = {"practice": SLUG, "run": MADE_BY}
        run_id = client.create_flow_run_from_deployment(deployment.id, parameters=parameters).id
    with worker(environment):
        suspended(run_id)
        before = state_of(run_id)
        change_a_job(connected)
        resume(str(run_id), {"short_name": SLUG})
        suspended(run_id, after=before)
        assert connected.counted("client") == 8
        resume(str(run_id), {"short_name": SLUG, "changed_since": "Keep them as they are"})
        until(run_id, State.is_final)
    assert (state_of(run_id).is_completed(), connected.counted("client")) == (True, 0)


@pytest.mark.parametrize(("end", "says"), [(Cancelled, "runbook.cancelled"), (Crashed, "runbook.crashed")])
def test_a_run_that_ends_while_it_waits_is_withdrawn_and_says_so(
    office: Office, end: Callable[[], State], says: str
) -> None:
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(watch, name="a reconnect", parameters={"practice": SLUG, "admin_email": MERE})
        office.invite(MERE, str(run.id))
        client.set_flow_run_state(run.id, Suspended(), force=True)
        watch(return_state=True)
        assert connection_state(office) is ConnectionState.AUTHORISING
        client.set_flow_run_state(run.id, end(), force=True)
    watch(return_state=True)
    assert connection_state(office) is ConnectionState.NOT_CONNECTED
    assert entries(office).count(says) == 1


def test_a_reconnect_whose_run_was_deleted_is_withdrawn_and_says_so(office: Office) -> None:
    office.invite(MERE, "00000000-0000-4000-8000-000000000001")
    watch(return_state=True)
    assert connection_state(office) is ConnectionState.NOT_CONNECTED
    assert entries(office).count("reconnect.abandoned") == 1
