"""Writes to XPM against the sandbox, over real HTTP. Its journal tells what was applied."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.accounts.account import Account
from sandbox.accounts.practice_rules import PracticeRules
from sandbox.server import SandboxServer
from sandbox.world import HARBOUR_VALE, small_world
from tests.xero.practice import NO_LIMITS, Practice, whole
from xpm.xero import endpoints
from xpm.xero.api import XpmApi
from xpm.xero.errors import AnswerLost, Refused, ScopeMissing, XeroError, XeroUnavailable
from xpm.xero.models import Client, Job, TimeEntry
from xpm.xero.oauth import OAuthClient
from xpm.xero.refusals import RefusalKind, refusal_kind
from xpm.xero.writer import XpmWriter
from xpm.xero.writes import (
    CLIENT_FIELDS,
    ENDPOINTS,
    Assignment,
    FieldValue,
    JobDetails,
    Write,
    client_update,
    field_values,
    job_assign,
    job_state,
    job_update,
    timesheet,
)

NEW_DAY = date(2026, 6, 30)


@dataclass
class Desk:
    """A practice's records, and what writes to them."""

    practice: Practice
    api: XpmApi
    writer: XpmWriter

    @property
    def applied(self) -> int:
        return len(self.practice.server.world.journal.applied())

    @property
    def rules(self) -> PracticeRules:
        return self._account.rules

    def set_rules(self, rules: dict[str, Any]) -> None:
        self._account.rules = self.rules.changed(rules)

    @property
    def _account(self) -> Account:
        return self.practice.server.world.accounts[HARBOUR_VALE]

    def job(self) -> Job:
        """A current job with a task and staff."""
        jobs: list[Job] = whole(self.api.current_jobs())
        return next(job for job in jobs if job.tasks and job.assigned)

    def client(self) -> Client:
        clients: list[Client] = whole(self.api.clients())
        return next(client for client in clients if not client.is_archived)

    def fields(self, owner: str) -> list[FieldValue]:
        """A new value for each custom field of jobs or clients."""
        values: dict[str, Any] = {
            "Text": "Ours", "Date": NEW_DAY, "Number": Decimal(7), "Decimal": Decimal("1234.50"), "Boolean": True,
        }  # fmt: skip
        found = []
        for definition in self.practice.truth("custom_field_definitions"):
            if definition.get(f"Use{owner.title()}") == "true":
                element = definition["ValueElement"]
                option = (definition.get("Options") or "").split(",")[0].strip()
                found.append(FieldValue(definition["UUID"], element, option or values[element]))
        return found

    def writes(self) -> dict[str, Write]:
        """One write to each endpoint, which XPM accepts."""
        job, client = self.job(), self.client()
        staff = job.assigned[0].uuid
        all_of_them = (
            job_update(replace(details_of(job), name=f"{job.name} (ours)")),
            job_state(job.number, job.uuid, "INPROGRESS"),
            job_assign(job.number, job.uuid, manager=Assignment.to(staff), partner=Assignment.REMOVE),
            field_values("job", job.number, self.fields("job")),
            client_update(client.uuid, {"name": "Ours Ltd", "phone": None, "job_manager_uuid": staff}),
            field_values("client", client.uuid, self.fields("client")),
            timesheet(job.number, job.tasks[0].uuid, staff, NEW_DAY, 45, "Ours"),
        )
        return {write.endpoint.label: write for write in all_of_them}


def details_of(job: Job) -> JobDetails:
    return JobDetails(
        job.number, job.name, job.description, job.start_date, job.due_date, job.client_order_number, None, job.budget
    )


@pytest.fixture
def desk(practice: Practice) -> Desk:
    keeper = practice.keeper()
    return Desk(practice, practice.api(keeper), practice.writer(keeper))


def test_xpm_does_every_write_once_and_answers_with_the_record_as_it_is_then(desk: Desk) -> None:
    writes = desk.writes()
    assert set(writes) == {endpoint.label for endpoint in ENDPOINTS}
    for label, write in writes.items():
        before = desk.applied
        answered = desk.writer.send(write)
        assert desk.applied == before + 1
        assert desk.practice.server.world.journal.applied()[-1].body_sha256 == write.digest
        assert answered.server_time is not None
        assert (answered.record is not None) == (write.endpoint.answer is not None), label
    job, client, staff = desk.job(), desk.client(), desk.job().assigned[0].uuid
    assert (job.name or "").endswith("(ours)")
    assert job.state == "In Progress"
    assert job.manager is not None
    assert (job.manager.uuid, job.partner) == (staff, None)
    assert (client.name, client.phone, client.job_manager and client.job_manager.uuid) == ("Ours Ltd", None, staff)
    (entry,) = whole(desk.api.time_entries(job.number, NEW_DAY, NEW_DAY))
    assert (entry.job_number, entry.task_uuid, entry.staff_uuid) == (job.number, job.tasks[0].uuid, staff)
    assert (entry.date, entry.minutes, entry.note) == (NEW_DAY, 45, "Ours")
    assert whole(desk.api.time_entries(job.number, NEW_DAY + timedelta(days=1), NEW_DAY + timedelta(days=9))) == []
    for owner, records in (
        ("job", desk.api.job_field_values(job.number)),
        ("client", desk.api.client_field_values(client.uuid)),
    ):
        read = {one.uuid: (one.text, one.date, one.number, one.decimal, one.boolean) for one in whole(records)}
        assert all(field.value in read[field.uuid] for field in desk.fields(owner))


def test_the_record_in_an_answer_is_what_reading_it_gives_and_the_next_pull_recognises_it(desk: Desk) -> None:
    for label in ("job.update", "job.assign"):
        answered = desk.writer.send(desk.writes()[label])
        assert isinstance(answered.record, Job)
        assert whole(desk.api.job(answered.record.number)) == [answered.record]
        assert answered.digest in {sent.digest for sent in desk.api.current_jobs().sent()}
    answered = desk.writer.send(desk.writes()["client.update"])
    assert isinstance(answered.record, Client)
    assert whole(desk.api.client(answered.record.uuid)) == [answered.record]
    assert isinstance(desk.writer.send(desk.writes()["time.add"]).record, TimeEntry)


def test_an_answer_of_ok_does_not_prove_that_xpm_did_what_it_was_told(desk: Desk) -> None:
    for label, write in desk.writes().items():
        desk.practice.fault(
            "xpm", "ok_but_ignored", path=write.endpoint.path.partition("{")[0], method=write.endpoint.method
        )
        assert desk.writer.send(write).server_time is not None, label
    assert desk.applied == 0


@pytest.mark.parametrize("omitted", ["kept", "cleared"])
def test_an_update_with_everything_loses_nothing_even_where_xpm_clears_what_it_omits(desk: Desk, omitted: str) -> None:
    desk.set_rules({"omitted": omitted})
    categories = {one.name: one.uuid for one in whole(desk.api.list(endpoints.JOB_CATEGORIES))}
    for job in whole(desk.api.current_jobs()):
        category = categories.get(job.type)
        assert desk.writer.send(job_update(replace(details_of(job), category_uuid=category))).record == job
    for client in whole(desk.api.clients()):
        assert desk.writer.send(client_update(client.uuid, every_field(client))).record == client


def every_field(client: Client) -> dict[str, Any]:
    references = {f"{name}_uuid": name for name in ("account_manager", "job_manager", "billing_client")}
    values = {name: getattr(client, references.get(name, name)) for name in CLIENT_FIELDS}
    return {name: getattr(value, "uuid", value) for name, value in values.items()}


def test_a_cleared_custom_field_has_no_value(desk: Desk) -> None:
    job = desk.job()
    fields = desk.fields("job")
    desk.writer.send(field_values("job", job.number, fields))
    desk.writer.send(field_values("job", job.number, [replace(field, value=None) for field in fields]))
    assert not {one.uuid for one in whole(desk.api.job_field_values(job.number))} & {field.uuid for field in fields}


TEXT = st.text(st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\ufffe\uffff"), max_size=40)
MONEY = st.none() | st.decimals(-(10**9), 10**9, places=2)
DAYS = st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1))


@pytest.fixture(scope="module")
def shared() -> Iterator[Desk]:
    with SandboxServer(small_world(limits=NO_LIMITS)) as server:
        practice = Practice(server)
        keeper = practice.keeper()
        yield Desk(practice, practice.api(keeper), practice.writer(keeper))
        practice.close()


DETAILS = st.builds(
    JobDetails,
    number=st.just(""),
    name=TEXT.map(lambda text: f"x{text}"),
    description=TEXT,
    start_date=DAYS,
    due_date=DAYS,
    client_order_number=TEXT,
    category_uuid=st.none(),
    budget=MONEY,
)


@settings(max_examples=40)
@given(details=DETAILS)
def test_xpm_takes_any_details_of_a_job_and_has_them_then(shared: Desk, details: JobDetails) -> None:
    details = replace(details, number=shared.job().number)
    record = shared.writer.send(job_update(details)).record
    assert isinstance(record, Job)
    order = _filled(details.client_order_number)
    assert details_of(record) == replace(details, description=_filled(details.description), client_order_number=order)


def _filled(text: str | None) -> str | None:
    return text if text and text.strip() else None


@pytest.mark.parametrize("words", ["Monthly", "2 Monthly", "6 Monthly"])
def test_a_gst_period_that_was_read_can_be_written_back(shared: Desk, words: str) -> None:
    record = shared.writer.send(client_update(shared.client().uuid, {"gst_period": words})).record
    assert isinstance(record, Client)
    assert record.gst_period == words


PLAIN_TEXT = [
    name
    for name, field in Client.model_fields.items()
    if name in CLIENT_FIELDS and field.annotation == str | None and not name.startswith("place_of_birth")
]
"""The sandbox's clients have no place of birth."""


@settings(max_examples=40)
@given(fields=st.dictionaries(st.sampled_from(PLAIN_TEXT), TEXT, min_size=1))
def test_xpm_takes_any_text_for_a_clients_fields_and_has_it_then(shared: Desk, fields: dict[str, str]) -> None:
    if "name" in fields:
        fields["name"] += "x"
    record = shared.writer.send(client_update(shared.client().uuid, fields)).record
    assert isinstance(record, Client)
    assert {name: getattr(record, name) for name in fields} == {name: _filled(text) for name, text in fields.items()}


def unassigned(desk: Desk, job: Job) -> str:
    there = {staff.uuid for staff in (*job.assigned, *job.tasks[0].assigned)}
    return next(uuid for one in desk.practice.truth("staff") if (uuid := str(one["UUID"])) not in there)


def entry(job: Job, staff: str | None = None) -> Write:
    return timesheet(job.number, job.tasks[0].uuid, staff or job.assigned[0].uuid, NEW_DAY, 5)


@pytest.mark.parametrize(
    ("rules", "build", "kind"),
    [
        ({}, lambda _, job: job_state(job.number, job.uuid, "NO SUCH STATE"), RefusalKind.STATE_UNKNOWN),
        ({}, lambda _, __: job_state("NO-SUCH-JOB", None, "INPROGRESS"), RefusalKind.RECORD_GONE),
        ({}, lambda _, __: client_update("no-such-client", {"name": "x"}), RefusalKind.RECORD_GONE),
        ({}, lambda _, job: job_assign(job.number, None, partner=Assignment.to("nobody")), RefusalKind.STAFF_UNKNOWN),
        ({}, lambda _, job: entry(job, "nobody"), RefusalKind.STAFF_UNKNOWN),
        ({}, lambda desk, job: entry(job, unassigned(desk, job)), RefusalKind.NOT_ASSIGNED),
        ({}, lambda _, job: job_update(replace(details_of(job), name="")), RefusalKind.RULE),
        ({"wip_lock_date": str(NEW_DAY)}, lambda _, job: entry(job), RefusalKind.LOCKED_PERIOD),
    ],
)
def test_what_xpm_refuses_is_not_applied_and_has_its_kind(
    desk: Desk, rules: dict[str, Any], build: Callable[[Desk, Job], Write], kind: RefusalKind
) -> None:
    desk.set_rules(rules)
    with pytest.raises(Refused) as caught:
        desk.writer.send(build(desk, desk.job()))
    assert refusal_kind(caught.value) is kind
    assert desk.applied == 0


def test_a_closed_job_takes_no_time_and_a_dropdown_only_its_options(desk: Desk) -> None:
    job = desk.job()
    closed = next(code for code, state in desk.rules.state_codes.items() if state.closed)
    desk.writer.send(job_state(job.number, job.uuid, closed))
    assert kind_of_refusal(desk, entry(job)) is RefusalKind.CLOSED_JOB
    desk.set_rules({"closed_jobs_refuse_updates": True})
    assert kind_of_refusal(desk, job_update(details_of(job))) is RefusalKind.CLOSED_JOB
    dropdown = next(one for one in desk.practice.truth("custom_field_definitions") if one["Type"] == "Dropdown List")
    value = FieldValue(dropdown["UUID"], "Text", "Neither of them")
    of_jobs = dropdown.get("UseJob") == "true"
    write = field_values("job", job.number, [value]) if of_jobs else field_values("client", desk.client().uuid, [value])
    assert kind_of_refusal(desk, write) is RefusalKind.OPTION_UNKNOWN
    assert desk.applied == 1


def kind_of_refusal(desk: Desk, write: Write) -> RefusalKind:
    with pytest.raises(Refused) as caught:
        desk.writer.send(write)
    return refusal_kind(caught.value)


def test_a_consent_that_may_only_read_writes_nothing(practice: Practice) -> None:
    reading = ("openid", "profile", "email", "offline_access", "practicemanager.read")
    practice.oauth = OAuthClient(practice.app.model_copy(update={"scopes": reading}), practice.plain)
    keeper = practice.keeper()
    desk = Desk(practice, practice.api(keeper), practice.writer(keeper))
    for write in desk.writes().values():
        with pytest.raises(ScopeMissing) as caught:
            desk.writer.send(write)
        assert refusal_kind(caught.value) is RefusalKind.NO_PERMISSION
    assert desk.applied == 0


def fault(kind: str, area: str = "xpm", **more: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
    return {"kind": kind, "area": area} | more


FAULTS = [
    fault("reset"),
    fault("lost_answer"),
    fault("truncate", fraction=0.0),
    fault("truncate", fraction=0.5),
    fault("truncate", fraction=0.99),
    fault("garbage"),
    fault("maintenance"),
    fault("status", status=500),
    fault("status", status=502, body="<html>"),
    fault("status", status=400),
    fault("status", status=409),
    fault("status", status=201),
    fault("status_after", status=500),
    fault("status_after", status=502, body="<html>"),
    fault("status_after", status=503, body="Invalid job identifier"),
    fault("token_expired"),
    fault("unauthorized"),
    fault("forbidden"),
    fault("limit", problem="minute", retry_after=3),
    fault("limit", problem="concurrent"),
    fault("limit", problem="day", retry_after=40_000),
    fault("drip", bytes=7, delay=0),
    fault("mislabel"),
    fault("error_body", description="Not today"),
]
"""What can happen to a call. Those that are ordered one after the other hit one try after the other."""


def assert_told_apart(desk: Desk, write: Write, faults: Sequence[dict[str, Any]]) -> None:
    """Send a write under faults: it is applied once at most, and what `send` says of that is true."""
    desk.practice.server.world.faults.clear()
    for one in faults:
        desk.practice.post("/sandbox/faults", one)
    before = desk.applied
    try:
        desk.writer.send(write)
        expected = {1}
    except AnswerLost:
        expected = {0, 1}
    except XeroError:
        expected = {0}
    finally:
        desk.practice.server.world.faults.clear()
    assert desk.applied - before in expected, faults


@pytest.mark.parametrize("label", [endpoint.label for endpoint in ENDPOINTS])
def test_under_any_fault_a_write_is_applied_once_at_most_and_its_error_tells_whether(shared: Desk, label: str) -> None:
    for one in FAULTS:
        assert_told_apart(shared, shared.writes()[label], [one])


@pytest.mark.deep
def test_under_any_two_faults_in_a_row_time_is_added_once_at_most(shared: Desk) -> None:
    write = shared.writes()["time.add"]
    for pair in product(FAULTS, repeat=2):
        assert_told_apart(shared, write, pair)


@pytest.mark.parametrize("trouble", ["lost_answer", "maintenance", "garbage"])
@pytest.mark.parametrize("seconds", [0, 1_800])
def test_a_token_that_cannot_be_renewed_leaves_the_write_undone(desk: Desk, trouble: str, seconds: int) -> None:
    write = desk.writes()["time.add"]
    desk.practice.server.world.clock.advance(seconds)
    desk.practice.fault("xpm", "token_expired")
    desk.practice.fault("token", trouble)
    with pytest.raises(XeroUnavailable) as caught:
        desk.writer.send(write)
    assert not isinstance(caught.value, AnswerLost)
    assert desk.applied == 0
    desk.practice.server.world.faults.clear()
    desk.writer.send(write)
    assert desk.applied == 1
