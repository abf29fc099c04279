"""Every run that changes something has its beginning and its end in the audit trail, and whom it names."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun

from flows.ending import cancelled, crashed, failed
from flows.reconnect import reconnect
from flows.revert import revert
from flows.sync import sync
from flows.watch import watch
from sandbox.world import COASTAL_NAME, HARBOUR_NAME, MERE, SAM
from tasks.trail import started_by
from tests.flows.office import MADE_BY, SLUG, Office, administrator, consents, consents_and_chooses
from tests.flows.test_sync import flow_run_of, retried
from xpm.access import audit
from xpm.access.actor import Actor, ActorKind
from xpm.access.audit import Action
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.store.audit import entries
from xpm.store.audit.verification import verify
from xpm.store.tables import AuditEntry
from xpm.store.vocabulary import SyncTrigger
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.revert import RevertRequest, preview

pytestmark = pytest.mark.xdist_group("prefect")


def lines(office: Office, since: int = 0) -> list[AuditEntry]:
    """The lines of the trail after the first few."""
    with office.database.read() as session:
        return list(entries.in_order(session))[since:]


def said(found: list[AuditEntry]) -> list[tuple[str, str]]:
    return [(line.action, line.outcome) for line in found]


def test_a_reconnect_has_its_choice_its_confirmation_and_its_reset_in_the_trail(office: Office) -> None:
    with administrator(office, consents_and_chooses(COASTAL_NAME)):
        state = reconnect(SLUG, MERE, True, 1, return_state=True)

    found = lines(office)
    assert said(found) == [
        ("reconnect", "begun"),
        ("choose_account", "done"),
        ("confirm_account", "done"),
        ("reset_connection", "done"),
        ("reconnect", "done"),
    ]
    assert {(line.actor_kind, line.named, line.practice) for line in found} == {("run", MERE, SLUG)}
    assert {line.flow_run_id for line in found} == {str(flow_run_of(state))}
    assert {line.resource for line in found[1:4]} == {COASTAL_NAME}
    assert (found[3].before, found[3].after) == ({"account": None}, {"account": COASTAL_NAME})
    assert found[-1].detail == "runbook.reconnected"
    with office.database.read() as session, Integration.opened() as integration:
        assert verify(session, integration.vault).breaks == ()


def test_the_wrong_account_that_was_refused_is_named(connected: Office) -> None:
    before = len(lines(connected))
    with administrator(connected, consents_and_chooses(COASTAL_NAME)):
        assert reconnect(SLUG, MERE, True, 1, return_state=True).is_failed()
    found = lines(connected, before)
    assert said(found) == [("reconnect", "begun"), ("choose_account", "refused"), ("reconnect", "refused")]
    assert (found[1].resource, found[1].detail, found[2].detail) == (
        COASTAL_NAME,
        "choice.different",
        "choice.different",
    )


def test_a_name_that_was_typed_wrongly_is_refused_in_the_trail(office: Office) -> None:
    with administrator(office, consents(types="Something else")):
        assert reconnect(SLUG, MERE, True, 1, return_state=True).is_failed()
    assert said(lines(office))[-2:] == [("confirm_account", "refused"), ("reconnect", "refused")]
    assert lines(office)[-2].resource == HARBOUR_NAME


def test_a_person_who_may_not_reconnect_is_refused_in_the_trail(office: Office) -> None:
    assert reconnect(SLUG, SAM, True, 1, return_state=True).is_failed()
    found = lines(office)
    assert said(found) == [("reconnect", "begun"), ("reconnect", "refused")]
    assert {line.named for line in found} == {SAM}


def test_a_sync_says_what_it_was_asked_for_and_whom_it_names(connected: Office) -> None:
    before = len(lines(connected))
    sync(SLUG, [Entity.STAFF], person=MERE, return_state=True)
    begun, ended = lines(connected, before)
    assert said([begun, ended]) == [("sync", "begun"), ("sync", "done")]
    assert (begun.actor_kind, begun.actor, begun.named) == ("run", "request to Prefect", MERE)
    assert begun.resource == ended.resource == "manual, full, staff"


def test_an_overnight_sync_has_one_line(connected: Office) -> None:
    before = len(lines(connected))
    sync(SLUG, [Entity.STAFF], trigger=SyncTrigger.OVERNIGHT, return_state=True)
    (line,) = lines(connected, before)
    assert (line.outcome, line.resource) == ("done", "overnight, full, staff")


def test_a_practice_that_nobody_knows_is_in_the_trail_as_it_was_given(office: Office) -> None:
    sync("no-such-practice", return_state=True)
    assert said(lines(office)) == [("sync", "begun"), ("sync", "failed")]
    assert {line.practice for line in lines(office)} == {"no-such-practice"}


def test_the_watch_leaves_no_line(connected: Office) -> None:
    before = len(lines(connected))
    watch(return_state=True)
    assert lines(connected, before) == []


@pytest.mark.parametrize(("hook", "outcome"), [(crashed, "failed"), (cancelled, "cancelled"), (failed, "failed")])
def test_an_interrupted_run_has_its_end(office: Office, hook: Callable[..., None], outcome: str) -> None:
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(sync, parameters={"practice": SLUG, "person": MERE}, name="Failed")
    assert run.state is not None
    state = run.state.model_copy(update={"name": "Failed"})
    hook(sync, run, state)
    (line,) = lines(office)
    assert (line.action, line.outcome, line.flow_run_id, line.named) == ("sync", outcome, str(run.id), MERE)


def test_a_revert_and_its_line_commit_together_and_a_retry_says_that_it_was_done(connected: Office) -> None:
    before = len(lines(connected))
    with Integration.opened() as integration:
        seen = preview(integration, RevertRequest(practice=SLUG, run=MADE_BY, person=MERE))
    state = revert(SLUG, MADE_BY, person=MERE, confirmed=seen.fingerprint(WhenChangedSince.STOP), return_state=True)
    found = lines(connected, before)
    assert said(found) == [("revert", "begun"), ("revert", "done")]
    assert (found[1].resource, found[1].named, found[1].detail) == (MADE_BY, MERE, "revert.done")
    assert {line.flow_run_id for line in found} == {str(flow_run_of(state))}
    assert retried(state, revert).is_completed()
    assert said(lines(connected, before + 2)) == [("revert", "begun"), ("revert", "done")]


def test_what_started_a_run_is_what_prefect_knows_of_it() -> None:
    run = FlowRun(id=uuid4(), flow_id=uuid4())
    by = {"id": uuid4(), "type": "AUTOMATION", "display_value": "Retry at noon"}
    assert started_by(run) == "request to Prefect"
    assert started_by(run.model_copy(update={"auto_scheduled": True})) == "schedule"
    assert started_by(FlowRun.model_validate(run.model_dump() | {"created_by": by})) == "automation Retry at noon"


def test_the_watch_removes_lines_after_their_days_and_no_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XPM_AUDIT_DAYS", "30")
    with Integration.opened() as integration, office.database.write() as session:
        now, actor = integration.clock(), Actor(ActorKind.COMMAND, "mere")
        for days in (31, 29):
            audit.record(session, integration, actor, Action.SYNC, now=now - timedelta(days=days))
    watch(return_state=True)
    assert [line.at for line in lines(office)] == [now - timedelta(days=29)]
