"""The reconnect runbook from its form to its last state, whether it succeeds or fails."""

from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import State
from prefect.client.schemas.sorting import ArtifactSort

from flows.reconnect import reconnect
from sandbox.faults import fault_from
from sandbox.world import COASTAL_BRANCH, COASTAL_NAME, HARBOUR_NAME, HARBOUR_VALE, LEO, MERE, SAM
from tests.flows.office import (
    BOTH,
    SLUG,
    Answer,
    Office,
    administrator,
    asked,
    consents,
    consents_and_chooses,
    eventually,
    is_shown_no_account,
    resume,
    stays_away,
)
from tests.flows.test_sync import REFUSAL, retried
from tests.profiles import deep_but
from xpm.account.choice import none_of_these
from xpm.store import people, practices
from xpm.store.consent import connections
from xpm.store.tables import AuthorisationAttempt
from xpm.store.vocabulary import ActivityStatus, ConnectionState

pytestmark = pytest.mark.xdist_group("prefect")

A_MOMENT = 0.06  # minutes: long enough for a scripted answer, short enough to wait out a missing one
RECORDS = ("job", "client", "staff", "tax_return", "custom_field_definition", "consent")


def run(office: Office, answer: Answer, *, admin: str = MERE, stays: bool = True, minutes: float = 1) -> State[Any]:
    with administrator(office, answer):
        return reconnect(SLUG, admin, stays, minutes, return_state=True)


def test_a_reconnect_ends_with_a_working_connection_and_all_data_up_to_date(office: Office) -> None:
    state = run(office, consents())
    assert (state.name, state.message) == ("Completed", "Harbour & Vale is reconnected and up to date.")
    assert {entry.status for entry in office.activity()} == {ActivityStatus.IN_PROGRESS, ActivityStatus.SUCCESS}
    synced = [entry.kind for entry in office.activity() if entry.run_id]
    assert synced == ["sync.succeeded"] * 4 + ["sync.values_compared"]
    assert (office.activity()[-1].kind, office.activity()[-1].person) == ("runbook.reconnected", MERE)
    assert [office.counted(table) for table in ("job", "client", "staff", "tax_return")] == [12, 8, 4, 5]


def test_an_app_that_may_only_read_jobs_reconnects_and_the_run_says_what_it_left_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XERO_SCOPES", "openid profile email offline_access practicemanager.job.read")
    monkeypatch.setenv("XERO_TAX_URL", "")
    state = run(office, consents())
    assert (state.name, state.is_completed()) == ("Alert", True)
    for left_out in (
        "Jobs synchronised, except for what the Xero app may not read: job categories",
        "Clients were left out because the Xero app may not read them",
        "Staff were left out because the Xero app may not read them",
    ):
        assert left_out in (state.message or "")
    assert [office.counted(table) for table in ("job", "client", "staff")] == [12, 0, 0]
    with office.database.read() as session:
        assert connections.get(session, SLUG).state is ConnectionState.CONNECTED


def test_with_several_accounts_a_form_asks_which_one(office: Office) -> None:
    state = run(office, consents_and_chooses(COASTAL_NAME))
    assert state.is_completed()
    with office.database.read() as session:
        assert connections.get(session, SLUG).tenant_name == COASTAL_NAME


@pytest.mark.parametrize("silent", deep_but({False}, [False, True]))
def test_after_a_hand_over_the_old_connection_is_removed_and_never_fails_the_run(office: Office, silent: bool) -> None:
    run(office, consents())
    (former,) = office.sandbox.world.connections.where()
    if silent:
        order = {"area": "connections", "kind": "maintenance", "path": former.connection_id, "times": 0}
        office.sandbox.world.faults.inject(fault_from(order))
    with office.database.write() as session:
        sam = people.by_email(session, SLUG, SAM)
        assert sam
        people.update(session, sam.id, is_admin=True)
    state = run(office, consents(SAM), admin=SAM)
    assert state.is_completed()
    assert (former in office.sandbox.world.connections.where()) == silent
    assert ("disconnect.former_not_removed" in [entry.kind for entry in office.activity()]) == silent


def test_maintain_jobs_keeps_no_job_from_the_runbook(office: Office) -> None:
    with office.database.write() as session:
        now = practices.get(session, SLUG).created_at
        practices.change_settings(session, SLUG, {"maintain_jobs": True}, person=None, now=now)
    state = run(office, consents())
    assert state.is_completed()
    assert (office.counted("job"), office.counted("client")) == (12, 8)


@pytest.mark.parametrize(
    ("admin", "stays", "says"),
    [
        (SAM, True, "Sam Brooks is not an FYI Admin."),
        ("nobody@harbourvale.example", True, "nobody@harbourvale.example has no FYI account in Harbour & Vale."),
        (MERE, False, "Mere Tāne is not confirmed as a long-term user."),
    ],
)
def test_a_person_who_may_not_reconnect_is_told_before_anything_happens(
    office: Office, admin: str, stays: bool, says: str
) -> None:
    state = reconnect(SLUG, admin, stays, 1, return_state=True)
    assert_nothing_happened(office, state, "Action Required", says)


@pytest.mark.parametrize("named", deep_but({"Harbour Vale"}, ["harbor-vale", "Harbour Vale", "harbour_vale", ""]))
def test_an_unknown_practice_ends_with_the_names_of_the_known_ones(office: Office, named: str) -> None:
    state = reconnect(named, MERE, True, 1, return_state=True)
    assert state.name == "Failure"
    assert (state.message or "").startswith(f"There is no practice called “{named}”.")
    assert "The practices known here are: harbour-vale." in (state.message or "")
    assert office.activity() == []


@pytest.mark.deep  # the library's tests of bad ends have each of them
def test_a_refused_consent_leaves_everything_as_it_was(office: Office) -> None:
    state = run(office, consents(decision="cancel"))
    assert_nothing_happened(office, state, "Action Required", "Access was not allowed in Xero.")


@pytest.mark.deep  # the library's tests of bad ends have each of them
def test_another_persons_consent_is_not_used(office: Office) -> None:
    state = run(office, consents(SAM))
    says = "Sam Brooks allowed access, but the reconnect was started for Mere Tāne."
    assert_nothing_happened(office, state, "Action Required", says)


@pytest.mark.deep  # the library's tests of bad ends have each of them
def test_a_person_without_a_practice_manager_account_is_told_what_to_tick(office: Office) -> None:
    state = run(office, is_shown_no_account, admin=LEO, minutes=A_MOMENT)
    assert_nothing_happened(office, state, "Action Required", "Nobody allowed access in Xero within 0.06 minutes.")
    assert "Authorise 3rd Party Full Access" in (state.message or "")
    assert "Connect third-party add-ons" in (state.message or "")


def test_without_an_answer_the_run_ends_in_time(office: Office) -> None:
    state = run(office, stays_away, minutes=A_MOMENT)
    assert_nothing_happened(office, state, "Action Required", "Nobody allowed access in Xero within 0.06 minutes.")


@pytest.mark.deep  # the library's tests of bad ends have each of them
def test_without_a_choice_the_run_ends_in_time(office: Office) -> None:
    state = run(office, consents(tenants=BOTH, types=None), minutes=A_MOMENT)
    assert_nothing_happened(
        office, state, "Action Required", "Nobody chose the account within 0.06 minutes.", consents=1
    )


@pytest.mark.parametrize("typed", deep_but({"Harbour"}, ["Harbour", "", None]), ids=repr)
def test_only_the_accounts_own_name_typed_in_time_makes_a_first_connection(office: Office, typed: str | None) -> None:
    state = run(office, consents(types=typed), minutes=A_MOMENT if typed is None else 1)
    says = "Nobody confirmed that “Harbour & Vale” is" if typed is None else "“Harbour & Vale” was not confirmed as"
    assert_nothing_happened(office, state, "Action Required", f"{says} the account of Harbour & Vale.", consents=1)


@pytest.mark.deep
def test_a_name_that_was_mistyped_is_asked_for_again(office: Office) -> None:
    def answer(office: Office, attempt: AuthorisationAttempt) -> None:
        consents(types=None)(office, attempt)
        for typed in ("Harbor", "harbour  & VALE"):
            eventually(lambda: "account_name" in asked(attempt.flow_run_id))
            resume(attempt.flow_run_id, {"account_name": typed})

    assert run(office, answer).is_completed()
    with office.database.read() as session:
        assert connections.get(session, SLUG).tenant_name == HARBOUR_NAME


@pytest.mark.deep
@pytest.mark.parametrize("answers", [{"account_name": "", "stop": True}, {"account": none_of_these()}], ids=str)
def test_a_person_who_says_no_ends_the_run_in_peace(office: Office, answers: dict[str, object]) -> None:
    def answer(office: Office, attempt: AuthorisationAttempt) -> None:
        tenants = BOTH if "account" in answers else (HARBOUR_VALE,)
        consents(types=None, tenants=tenants)(office, attempt)
        eventually(lambda: answers.keys() <= asked(attempt.flow_run_id).keys())
        resume(attempt.flow_run_id, answers)

    state = run(office, answer)
    assert_nothing_happened(
        office, state, "Alert", "The reconnect of Harbour & Vale was stopped by a person.", consents=1
    )


def kept_by(office: Office) -> list[object]:
    """Read the connection and the records."""
    with office.database.read() as session:
        connection = connections.get(session, SLUG).model_dump()
    return [connection, *(office.counted(table) for table in RECORDS if table != "consent")]


def test_another_account_is_refused_unless_the_move_is_ticked_and_confirmed(
    connected: Office,
) -> None:
    before, offered = kept_by(connected), consents(tenants=[COASTAL_BRANCH], types=COASTAL_NAME)
    with administrator(connected, consents_and_chooses(COASTAL_NAME)):
        state = reconnect(SLUG, MERE, True, 1, return_state=True)
    assert (state.name, kept_by(connected)) == ("Action Required", before)
    assert "Harbour & Vale is connected to “Harbour & Vale”, but" in (state.message or "")
    assert "This practice has moved to another Xero Practice Manager account" in (state.message or "")

    with administrator(connected, consents(tenants=[COASTAL_BRANCH], types=HARBOUR_NAME)):
        state = reconnect(SLUG, MERE, True, 1, another_account=True, return_state=True)
    assert (state.name, kept_by(connected)) == ("Action Required", before)
    assert f"Account until now: {HARBOUR_NAME}" in (state.message or "")

    with administrator(connected, offered):
        assert reconnect(SLUG, MERE, True, 1, another_account=True, return_state=True).is_completed()
    with connected.database.read() as session:
        assert connections.get(session, SLUG).tenant_name == COASTAL_NAME
    assert "choice.moved" in [entry.kind for entry in connected.activity()]
    with get_client(sync_client=True) as client:
        (shown, *_) = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[f"xpm-comparison-{SLUG}"])),
            sort=ArtifactSort.CREATED_DESC,
        )
    assert (shown.description or "").startswith(f"Of 6 clients stored, 0 are in {COASTAL_NAME}; 6 would be archived")


def test_a_reconnect_to_the_same_account_asks_for_no_name(connected: Office) -> None:
    with administrator(connected, consents(types=None)):
        assert reconnect(SLUG, MERE, True, A_MOMENT, return_state=True).is_completed()


def test_a_wrong_client_secret_is_named_as_the_cause(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.sandbox.world.apps["FYI-XPM-SANDBOX"].secret = "another-secret"
    state = run(office, consents())
    assert_nothing_happened(office, state, "Failure", "Xero does not accept this installation's client id or secret.")


def test_a_retry_after_the_reset_asks_nothing_again_and_repeats_only_the_failed_sync(office: Office) -> None:
    world = office.sandbox.world
    world.faults.inject(fault_from(REFUSAL | {"path": "clientgroup.api/list"}))
    failed = run(office, consents_and_chooses(HARBOUR_NAME))
    world.faults.clear()
    world.request_log.clear()
    again = retried(failed, reconnect)
    assert (failed.name, again.name) == ("Failure", "Completed")
    assert [seen["path"] for seen in world.request_log.requests()] == ["clientgroup.api/list", "client.api/list"]


def test_a_reconnect_that_fails_at_xero_says_so_and_keeps_the_connection(connected: Office) -> None:
    used_up = {"area": "xpm", "kind": "limit", "problem": "day", "retry_after": 40_000, "times": 0}
    connected.sandbox.world.faults.inject(fault_from(used_up))
    before = kept_by(connected)
    state = run(connected, consents())
    assert (state.name, kept_by(connected)) == ("Failure", before)
    says = "Harbour & Vale could not be reconnected because today's requests to Xero are used up"
    assert connected.activity()[-1].title == says
    assert "the connection is as it was" in (state.message or "")


def assert_nothing_happened(office: Office, state: State[Any], name: str, says: str, *, consents: int = 0) -> None:
    """Check for one clear message, the same in Prefect and in Practice Activity, and that nothing is half-written."""
    assert (state.name, state.is_failed()) == (name, name != "Alert")  # what a person chose is no failure
    assert (state.message or "").startswith(says)
    last = office.activity()[-1]
    assert (last.status, f"{last.title}.") == (name, says)
    assert [office.counted(table) for table in RECORDS] == [0] * (len(RECORDS) - 1) + [consents]
    with office.database.read() as session:
        connection = connections.get(session, SLUG)
    assert (connection.state, connection.tenant_id) == (ConnectionState.NOT_CONNECTED, None)


def test_a_reconnect_that_ends_with_an_unexpected_error_is_no_longer_under_way(connected: Office) -> None:
    with connected.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE call_tally RENAME TO elsewhere")
    with administrator(connected, consents()):
        ended: State[Any] = reconnect(SLUG, MERE, True, 1, return_state=True)
    assert ended.name == "Failed"
    assert not connected.is_reconnecting()
    assert connected.activity()[-1].kind == "runbook.failed"
