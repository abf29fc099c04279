import traceback
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from tests.xero.fakes import APP, START, FakeClock, FakeKeeper, OpenBudget, Script, Stream, client, envelope, token_set
from tests.xero.hostile_server import HostileServer, hostile, plain
from xpm.xero.app import XeroApp
from xpm.xero.auth import XeroAuth
from xpm.xero.errors import (
    AccessLost,
    AnswerLost,
    Blocked,
    ConcurrentLimit,
    ConsentNeeded,
    DayLimit,
    MinuteLimit,
    MisconfiguredApp,
    NotFound,
    NotSent,
    RecordGone,
    Refused,
    ScopeMissing,
    StateConflict,
    UnreadableAnswer,
    XeroError,
    XeroUnavailable,
)
from xpm.xero.http.client import open_client
from xpm.xero.http.patience import MAX_LIMIT_WAITS, MAX_RETRIES
from xpm.xero.models import Client, Job, TimeEntry
from xpm.xero.writer import Answered, XpmWriter
from xpm.xero.writes import (
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

SECRET = "about their divorce"  # what a person wrote, which no error may repeat
UUID = "0b5a8c10-4d1e-4a3b-9c57-6f0d2e7a1b34"
DETAILS = JobDetails("J1", "Tax 2026", SECRET, date(2026, 11, 1), None, None, None, None)

WRITES: dict[str, Write] = {
    "job.update": job_update(DETAILS),
    "job.state": job_state("J1", UUID, "INPROGRESS"),
    "job.assign": job_assign("J1", UUID, manager=Assignment.to(UUID)),
    "job.update-customfield": field_values("job", "J1", [FieldValue(UUID, "Text", SECRET)]),
    "client.update": client_update(UUID, {"postal_address": SECRET}),
    "client.update-customfield": field_values("client", UUID, [FieldValue(UUID, "Text", SECRET)]),
    "time.add": timesheet("J1", UUID, UUID, date(2026, 11, 3), 60, SECRET),
}
PATHS = {
    "job.update": ("PUT", "job.api/update"),
    "job.state": ("PUT", "job.api/state"),
    "job.assign": ("PUT", "job.api/assign"),
    "job.update-customfield": ("PUT", "job.api/update/J1/customfield"),
    "client.update": ("PUT", "client.api/update"),
    "client.update-customfield": ("PUT", f"client.api/update/{UUID}/customfield"),
    "time.add": ("POST", "time.api/add"),
}
UPDATE = WRITES["job.update"]
JOB = f"<Job><ID>J1</ID><UUID>{UUID}</UUID><Name>Tax 2026</Name></Job>"
DONE = httpx.Response(200, content=envelope(JOB))
HTML = "<!DOCTYPE html><html><body>Access denied by the firewall</body></html>"


def writer(
    answer: Callable[[httpx.Request], httpx.Response], clock: FakeClock | None = None, auth: httpx.Auth | None = None
) -> XpmWriter:
    clock = clock or FakeClock()
    http = client(answer, auth)
    return XpmWriter(http, APP, "tenant-1", OpenBudget(clock), sleep=clock.sleep, clock=clock)


def refused(sentence: str, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=envelope(f"<ErrorDescription>{sentence}</ErrorDescription>", "ERROR"))


def assert_says_nothing_of(error: BaseException, secret: str) -> None:
    assert secret not in repr(error)
    assert secret not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("label", WRITES)
def test_each_write_goes_to_its_documented_address(label: str) -> None:
    script = Script([httpx.Response(200, content=envelope(""))])
    writer(script).send(WRITES[label])
    (request,) = script.requests
    path = request.url.raw_path.decode().removeprefix("/practicemanager/3.1/")
    assert (request.method, path) == PATHS[label]
    assert request.headers["Content-Type"] == "application/xml"
    assert request.headers["Accept"] == "application/xml"
    assert request.headers["xero-tenant-id"] == "tenant-1"
    assert request.content == WRITES[label].body


def test_a_number_is_escaped_in_the_address() -> None:
    script = Script([httpx.Response(200, content=envelope(""))])
    writer(script).send(field_values("job", "J 1/2", [FieldValue(UUID, "Text", "x")]))
    assert script.requests[0].url.raw_path.endswith(b"/job.api/update/J%201%2F2/customfield")


TIME = f"<Time><UUID>{UUID}</UUID><Job><ID>J1</ID><Name>Tax</Name></Job><Minutes>60</Minutes></Time>"


@pytest.mark.parametrize(
    ("label", "inside", "kind"),
    [
        ("job.update", JOB, Job),
        ("job.assign", JOB.replace("J1", "j1"), Job),
        ("client.update", f"<Client><UUID>{UUID.upper()}</UUID><Name>Harbour</Name></Client>", Client),
        ("time.add", TIME, TimeEntry),
        ("job.update", "", None),
        ("job.update", JOB.replace("J1", "J2"), None),  # another job
        ("job.update", JOB + JOB.replace("J1", "J2"), None),
        ("job.update", JOB.replace("<Name>Tax 2026", "<StartDate>soon</StartDate><Name>"), None),  # read in part
        ("job.update", JOB.replace("2026", "\x01"), None),
        ("job.update", f"<Job><UUID>{UUID}</UUID></Job>", None),  # unreadable
        ("job.update", "<Jobs/>", None),
        ("client.update", f"<Client><UUID>{UUID.replace('0b', 'ff')}</UUID></Client>", None),
        ("time.add", TIME.replace("J1", "J2"), None),
        ("time.add", f"<Time><UUID>{UUID}</UUID></Time>", None),
        ("job.state", JOB, None),
        ("job.state", "", None),
        ("job.update-customfield", "", None),
    ],
)
def test_the_record_in_an_answer_counts_only_if_it_is_whole_and_the_one_written_to(
    label: str, inside: str, kind: type | None
) -> None:
    answered = writer(Script([httpx.Response(200, content=envelope(inside))])).send(WRITES[label])
    assert type(answered.record) is (kind or type(None))
    assert (answered.digest is None) == (kind is None)


def test_an_answer_tells_its_correlation_id_and_time() -> None:
    headers = {"Date": "Mon, 02 Mar 2026 08:59:58 GMT", "xero-correlation-id": "c-1"}
    answered = writer(Script([httpx.Response(200, headers=headers, content=envelope(""))])).send(UPDATE)
    assert answered == Answered(None, "c-1", START - timedelta(seconds=2))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refused("Invalid state code"), Refused),
        (refused("Invalid job identifier"), RecordGone),
        (refused("Invalid job identifier", 400), RecordGone),
        (refused("Invalid job template identifier"), NotFound),
        (refused("The date is locked"), Refused),
        (httpx.Response(200, json={"status": "ERROR", "errorDescription": "No"}), Refused),
        (httpx.Response(400, text="bad XML"), Refused),
        (httpx.Response(412), Refused),
        (httpx.Response(404, text=HTML), NotFound),
        (refused("Conflict", 409), StateConflict),
        (httpx.Response(409), StateConflict),
        (httpx.Response(401, json={"Detail": "AuthorizationUnsuccessful"}), ScopeMissing),
        (httpx.Response(401), ConsentNeeded),
        (httpx.Response(403, json={"Detail": "AuthenticationUnsuccessful"}), AccessLost),
        (httpx.Response(403, text=HTML), Blocked),
        (httpx.Response(429, headers={"X-Rate-Limit-Problem": "day", "Retry-After": "40000"}), DayLimit),
    ],
)
def test_an_answer_that_rules_the_write_out_is_an_error_of_its_own_and_the_write_is_not_repeated(
    answer: httpx.Response, kind: type[XeroError]
) -> None:
    script = Script([answer])
    with pytest.raises(XeroError) as caught:
        writer(script).send(UPDATE)
    assert type(caught.value) is kind
    assert len(script.requests) == 1
    assert_says_nothing_of(caught.value, SECRET)


def test_a_refusal_has_xpms_own_sentence_and_the_correlation_id() -> None:
    answer = refused("Invalid state code")
    answer.headers["xero-correlation-id"] = "c-1"
    with pytest.raises(Refused) as caught:
        writer(Script([answer])).send(WRITES["job.state"])
    error = caught.value
    assert (error.description, error.endpoint, error.correlation_id) == ("Invalid state code", "job.state", "c-1")


def test_a_refusal_is_about_the_very_record_on_every_endpoint() -> None:
    for label, write in WRITES.items():
        sentence = f"Invalid {'client/contact' if label.startswith('client') else 'job'} identifier"
        with pytest.raises(RecordGone):
            writer(Script([refused(sentence)])).send(write)


@pytest.mark.parametrize(
    "answer",
    [
        refused("Invalid job identifier", 500),
        httpx.Response(500, text='{"Title": broken'),
        httpx.Response(500),
        httpx.Response(502, text=HTML),
        httpx.Response(503, text="offline for maintenance"),
        httpx.Response(504),
        httpx.Response(408),
        httpx.Response(302, headers={"Location": "https://elsewhere.example"}),
        httpx.Response(201),
        httpx.Response(204),
        httpx.Response(200),
        httpx.Response(200, text=HTML),
        httpx.Response(200, json={"status": "OK"}),
        httpx.Response(200, content=envelope(JOB)[:-1]),
        httpx.Response(200, content=envelope(JOB)[:60]),
        httpx.Response(200, content=envelope(JOB, "")),
        httpx.Response(200, content=envelope(JOB, "Pending")),
        httpx.Response(200, content=envelope(JOB + "<Status>ERROR</Status>")),
        httpx.Response(200, content=f"<Response>{JOB}</Response>".encode()),
        httpx.Response(200, content=b'<!DOCTYPE x [<!ENTITY a "b">]>' + envelope(JOB)),
        httpx.Response(200, content=b"<Answer><Status>OK</Status></Answer>"),
        httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Stream([b"not gzip"])),
        httpx.Response(200, headers={"Content-Length": str(2**40)}, stream=Stream([b"<"])),
        httpx.Response(200, stream=Stream([envelope(JOB)[:40]], httpx.ReadError("reset"))),
        httpx.Response(200, stream=Stream([envelope(JOB)[:40]], httpx.ReadTimeout("slow"))),
        httpx.Response(400, stream=Stream([b"<"], httpx.ReadError("reset"))),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteTimeout("slow"),
        httpx.WriteError("reset"),
        httpx.RemoteProtocolError("closed"),
        httpx.LocalProtocolError("confused"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("label", ["job.update", "job.state", "time.add"])
def test_without_a_complete_answer_nobody_knows_and_the_write_is_not_repeated(
    label: str, answer: httpx.Response | Exception
) -> None:
    script = Script([answer])
    with pytest.raises(AnswerLost) as caught:
        writer(script).send(WRITES[label])
    assert len(script.requests) == 1
    assert caught.value.endpoint == label
    assert_says_nothing_of(caught.value, SECRET)
    assert_says_nothing_of(caught.value, "elsewhere")


@pytest.mark.parametrize("label", ["job.update", "job.state"])
def test_wherever_an_answer_of_ok_breaks_off_nobody_knows(label: str) -> None:
    whole = envelope(JOB)
    for end in range(len(whole)):
        with pytest.raises(AnswerLost):
            writer(Script([httpx.Response(200, content=whole[:end])])).send(WRITES[label])


NOT_EXECUTED: list[httpx.Response | Exception] = [
    httpx.Response(429, headers={"X-Rate-Limit-Problem": "minute", "Retry-After": "3"}),
    httpx.Response(429, headers={"X-Rate-Limit-Problem": "concurrent"}),
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("slow"),
    httpx.PoolTimeout("full"),
    httpx.ProxyError("403"),
]


@pytest.mark.parametrize("first", NOT_EXECUTED, ids=repr)
def test_a_write_that_was_certainly_not_executed_is_sent_again_unchanged(first: httpx.Response | Exception) -> None:
    script, clock = Script([first, DONE]), FakeClock()
    answered = writer(script, clock).send(UPDATE)
    assert isinstance(answered.record, Job)
    assert [request.content for request in script.requests] == [UPDATE.body] * 2
    assert len(clock.slept) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "calls"),
    [
        (NOT_EXECUTED[0], MinuteLimit, MAX_LIMIT_WAITS + 1),
        (NOT_EXECUTED[1], ConcurrentLimit, MAX_LIMIT_WAITS + 1),
        (NOT_EXECUTED[2], NotSent, MAX_RETRIES + 1),
    ],
)
def test_patience_with_a_write_ends(answer: httpx.Response | Exception, kind: type[XeroError], calls: int) -> None:
    script = Script([answer])
    with pytest.raises(kind):
        writer(script).send(UPDATE)
    assert len(script.requests) == calls


def test_a_lost_answer_ends_the_repeating() -> None:
    script = Script([NOT_EXECUTED[0], httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), DONE])
    with pytest.raises(AnswerLost):
        writer(script).send(UPDATE)
    assert len(script.requests) == 3


def test_after_a_401_the_token_is_renewed_once_and_the_write_sent_again() -> None:
    keeper = FakeKeeper(token_set("first"))
    expired = httpx.Response(401, json={"Detail": "TokenExpired"})
    script = Script([expired, DONE])
    writer(script, auth=XeroAuth(keeper, lambda: START)).send(UPDATE)
    assert [request.content for request in script.requests] == [UPDATE.body] * 2
    script = Script([expired])
    with pytest.raises(ConsentNeeded):
        writer(script, auth=XeroAuth(keeper, lambda: START)).send(UPDATE)
    assert len(script.requests) == 2


@pytest.mark.parametrize("status", [200, 401])
@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (AnswerLost("Lost.", endpoint="oauth.token"), XeroUnavailable),
        (Refused("Refused.", endpoint="oauth.token", status=418), XeroUnavailable),
        (UnreadableAnswer("Unreadable.", endpoint="oauth.token", status=302), XeroUnavailable),
        (XeroUnavailable("Somebody else renews."), XeroUnavailable),
        (ConsentNeeded("Dead.", endpoint="oauth.token"), ConsentNeeded),
        (MisconfiguredApp("Wrong secret.", endpoint="oauth.token"), MisconfiguredApp),
        (MinuteLimit("Too often.", endpoint="oauth.token"), MinuteLimit),
    ],
)
def test_trouble_with_the_token_is_never_taken_for_xpms_answer_to_the_write(
    trouble: XeroError, kind: type[XeroError], status: int
) -> None:
    ahead = timedelta(minutes=30) if status == 401 else timedelta(0)
    keeper = FakeKeeper(token_set("first", START + ahead), failure=trouble)
    script = Script([httpx.Response(status, content=envelope(JOB))])
    with pytest.raises(XeroError) as caught:
        writer(script, auth=XeroAuth(keeper, lambda: START)).send(UPDATE)
    assert type(caught.value) is kind
    assert len(script.requests) == (1 if status == 401 else 0)


def test_each_try_takes_a_slot_and_counts_its_bytes() -> None:
    clock = FakeClock()
    budget = OpenBudget(clock)
    limited = httpx.Response(429, headers={"X-Rate-Limit-Problem": "minute", "Retry-After": "3"}, content=b"1234")
    done = httpx.Response(200, headers={"X-DayLimit-Remaining": "7"}, stream=Stream([DONE.content]))
    http = client(Script([limited, done]))
    XpmWriter(http, APP, "tenant-1", budget, sleep=clock.sleep, clock=clock).send(UPDATE)
    assert [call.bytes for call in budget.ended] == [4, len(DONE.content)]
    assert [call.id for call in budget.ended] == ["job.update"] * 2
    assert budget.said[-1] is not None
    assert budget.said[-1].day_left == 7


def test_a_used_up_day_raises_before_anything_is_sent() -> None:
    class UsedUp(OpenBudget):
        def slot(self, endpoint: str) -> Any:  # noqa: ANN401  never returns
            raise DayLimit("Used up.", endpoint=endpoint)

    script, clock = Script([DONE]), FakeClock()
    with pytest.raises(DayLimit):
        XpmWriter(client(script), APP, "tenant-1", UsedUp(clock), sleep=clock.sleep, clock=clock).send(UPDATE)
    assert script.requests == []


def send_to(server: HostileServer, write: Write = UPDATE) -> Answered:
    clock = FakeClock()
    app = XeroApp(**(APP.model_dump() | {"xpm_url": f"{server.url}/practicemanager/3.1/"}))
    with open_client() as http:
        return XpmWriter(http, app, "tenant-1", OpenBudget(clock), sleep=clock.sleep, clock=clock).send(write)


def torn(body: bytes) -> Iterator[bytes]:
    yield plain(body)[:-10]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"".join(torn(envelope(JOB))),
        plain(envelope(JOB)[:-10]),
        plain(b"", status="500 Internal Server Error"),
        plain(b"", "Location: /elsewhere", status="307 Temporary Redirect"),
    ],
)
def test_a_server_that_breaks_off_gets_a_write_once(answer: bytes) -> None:
    with hostile(answer) as server:
        with pytest.raises(AnswerLost):
            send_to(server)
        assert len(server.requests) == 1
        assert server.requests[0].endswith(UPDATE.body)


def test_a_port_where_nobody_listens_was_certainly_not_written_to() -> None:
    with hostile(b"") as server:
        pass
    with pytest.raises(NotSent):
        send_to(server)
