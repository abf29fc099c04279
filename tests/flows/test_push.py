"""The article's two sentences about edits, over Prefect: custom fields are kept in FYI, and nothing is put back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from flows.push import push
from flows.sync import sync
from sandbox.accounts import edits as xpm_edits
from sandbox.accounts.account import Account
from sandbox.faults import fault_from
from sandbox.world import HARBOUR_VALE, MERE
from tests.flows.office import SLUG, Office
from xpm.entities.names import EVERYTHING, Entity, Noun
from xpm.integration import Integration
from xpm.push.asks import Ask
from xpm.push.directory import Directory
from xpm.push.editing import Editor, edit
from xpm.store import practices
from xpm.store.push import edits
from xpm.store.records import kinds, reads
from xpm.store.records.rows import Scope
from xpm.store.vocabulary import EditState, SyncMode, SyncTrigger

SCOPE = Scope(SLUG, HARBOUR_VALE)

pytestmark = pytest.mark.xdist_group("prefect")


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> Office:
    """A practice in step with XPM, on either database."""
    found: Office = request.getfixturevalue("connected" if request.param == "sqlite" else "connected_on_postgresql")
    return found


def test_with_custom_fields_off_an_edit_reaches_xpm_and_the_night_does_not_take_it_back(either: Office) -> None:
    office, job = either, _a_job(either)
    _edit(job, {"Fee budget": "777.25"})
    with office.database.write() as session:
        practices.change_settings(session, SLUG, {"sync_custom_fields": False}, person=MERE, now=datetime.now(UTC))

    assert push(SLUG, return_state=True).is_completed()
    night = sync(SLUG, list(EVERYTHING), SyncMode.FULL, SyncTrigger.OVERNIGHT, return_state=True)

    assert night.is_completed()
    assert _values_in_xpm(office, job)["Fee budget"] == "777.25"
    assert _values_in_fyi(office, job)["Fee budget"] == "777.25"


def test_a_state_edited_in_fyi_is_sent_while_xpms_new_name_arrives_and_nothing_is_put_back(either: Office) -> None:
    office, job = either, _a_job(either)
    with office.database.read() as session:
        known = Directory(session, SCOPE)
        state = next(one for one in sorted(known.open_states) if one != _in_fyi(office, job)["state"])
    _edit(job, {"state": state})
    xpm_edits.change(_account(office), "jobs", job, {"Name": "Renamed in XPM"})

    assert sync(SLUG, [Entity.JOBS], return_state=True).is_completed()
    assert (_in_fyi(office, job)["name"], _in_fyi(office, job)["state"]) == ("Renamed in XPM", state)

    assert push(SLUG, return_state=True).is_completed()
    assert sync(SLUG, [Entity.JOBS], return_state=True).is_completed()
    found = _in_xpm(office, job)
    assert (found["Name"], found["State"]) == ("Renamed in XPM", state)
    assert (_in_fyi(office, job)["name"], _in_fyi(office, job)["state"]) == ("Renamed in XPM", state)


def test_a_push_that_xpm_refuses_ends_with_what_somebody_has_to_decide(connected: Office) -> None:
    job = _a_job(connected)
    _edit(job, {"name": "A name that XPM refuses"})
    refusal = {"area": "xpm", "path": "job.api/update", "kind": "error_body", "description": "No such luck"}
    connected.sandbox.world.faults.inject(fault_from(refusal))

    state = push(return_state=True)

    assert (state.name, state.is_failed()) == ("Action Required", True)
    assert "Refused by Xero Practice Manager: 1" in (state.message or "")
    with connected.database.read() as session:
        (one,) = edits.every(session, SCOPE, tuple(EditState))
    assert (one.state, one.reason_text) == (EditState.REFUSED, "No such luck")
    assert [entry.kind for entry in connected.activity()].count("push.needs_decisions") == 1


def test_a_push_of_everybody_starts_no_step_where_nobody_edited(connected: Office) -> None:
    before = len(connected.sandbox.world.request_log.requests())

    assert push(return_state=True).is_completed()

    assert len(connected.sandbox.world.request_log.requests()) == before


def _edit(job: str, values: dict[str, str]) -> None:
    with Integration.opened() as integration:
        edit(integration, SLUG, [Ask(Noun.JOB, job, values)], Editor(MERE))


def _account(office: Office) -> Account:
    return office.sandbox.world.accounts[HARBOUR_VALE]


def _a_job(office: Office) -> str:
    table = _account(office).jobs
    return next(table.key(position) for position in table.positions(lambda outline: outline.current))


def _in_xpm(office: Office, number: str) -> dict[str, Any]:
    position = _account(office).jobs.find(number)
    assert position is not None
    return dict(_account(office).jobs.record(position))


def _values_in_xpm(office: Office, number: str) -> dict[str, str]:
    position = _account(office).jobs.find(number)
    assert position is not None
    values = _account(office).values("job", position)
    return {one["Name"]: next(one[name] for name in one if name not in ("UUID", "Name")) for one in values}


def _in_fyi(office: Office, number: str) -> dict[str, object]:
    with office.database.read() as session:
        key = Directory(session, SCOPE).record(Noun.JOB, number).key
        (row,) = reads.read(session, kinds.JOBS, SCOPE, [key])
    return dict(row.columns)


def _values_in_fyi(office: Office, number: str) -> dict[str, str]:
    with office.database.read() as session:
        key = Directory(session, SCOPE).record(Noun.JOB, number).key
        (row,) = reads.read(session, kinds.JOB_CUSTOM_FIELDS, SCOPE, [key])
    held = ("text", "date", "number", "decimal", "boolean")
    values = row.owned["custom_field_value"]
    return {str(one["name"]): str(next(one[name] for name in held if one[name] is not None)) for one in values}
