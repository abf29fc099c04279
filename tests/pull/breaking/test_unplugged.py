"""Xero goes away, or answers wrongly: one clear message, nothing half-done, and the next run succeeds."""

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest
from sqlalchemy import event

from sandbox.server import SandboxServer
from sandbox.world import small_world
from tests.pull.breaking.deeds import edit
from tests.pull.breaking.indoors import Indoors, indoors
from tests.pull.breaking.ledger import assert_books_balance
from tests.pull.conftest import UNLIMITED
from tests.pull.expected import assert_equals_truth
from tests.pull.house import REMOVED, YEARS, House, opened
from xpm.entities.names import EVERYTHING, Entity
from xpm.pull.summary import message_of
from xpm.store.engine.database import Database
from xpm.store.vocabulary import RunStatus
from xpm.words import Message, Stopped
from xpm.xero.errors import XeroError

pytestmark = pytest.mark.no_cover  # no coverage: other tests cover this code, and measuring takes half as long again

FOR_EVER = 1_000_000


@pytest.fixture
def house(sqlite_database: Database) -> Iterator[Indoors]:
    """A practice without sockets, in step with XPM."""
    with indoors(sqlite_database) as house:
        house.move_in(seed=4)
        house.sync_everything()
        house.calm()
        yield house


def message_of_failed_sync(house: House, entity: Entity) -> Message | None:
    """What an administrator reads about a sync that fails; `None` if it succeeds."""
    try:
        assert house.sync(entity, confirm_missing=REMOVED).status is RunStatus.SUCCESS
    except (XeroError, Stopped) as ended:
        return message_of(entity, ended)
    return None


def assert_back_in_step(house: House) -> None:
    """Clear all faults; one sync of everything must then put everything right."""
    for entity in EVERYTHING:
        assert house.sync(entity, confirm_missing=REMOVED).status is RunStatus.SUCCESS
    assert_equals_truth(house)
    assert_books_balance(house)


@pytest.mark.parametrize("plug", ["unplugged", "unanswered"])
def test_xero_may_go_away_before_any_call_of_any_sync(house: Indoors, plug: str) -> None:
    dice = Random(plug)
    for entity in EVERYTHING:
        for call in range(FOR_EVER):
            edit(house.xpm, dice, 10)
            house.calm()
            setattr(house.wire, plug, range(call, FOR_EVER))
            failure = message_of_failed_sync(house, entity)
            if failure is None:
                break
            assert failure.key == "sync.unavailable"
            run = house.runs()[-1]
            assert (run.status, run.reason_key, run.watermark) == (RunStatus.FAILURE, "sync.failed", None)
            assert run.archived == 0 or entity is Entity.CUSTOM_FIELDS  # its definitions had arrived complete
        assert call > 0
    house.calm()
    assert_back_in_step(house)


def test_a_server_switched_off_in_the_middle_is_unavailable_and_nothing_is_half_done(
    sqlite_database: Database,
) -> None:
    world = small_world(years=YEARS, limits=UNLIMITED)
    with SandboxServer(world) as server, opened(server, sqlite_database) as house:
        commits = 0

        def switch_off(_connection: object) -> None:
            nonlocal commits
            commits += 1
            if commits == 5:  # the lease, the run, and some batches
                server.stop()

        event.listen(sqlite_database.engine, "commit", switch_off)
        failure = message_of_failed_sync(house, Entity.JOBS)
        assert failure is not None
        assert failure.key == "sync.unavailable"
        assert commits > 5
        assert [run.status for run in house.runs()] == [RunStatus.FAILURE]
        assert_books_balance(house)
        with SandboxServer(world, port=server.port):
            assert_back_in_step(house)


XML, HTML, JSON = "text/xml; charset=utf-8", "text/html", "application/json"


def error(description: str) -> str:
    """XPM's error under any status."""
    return (
        "<Response api-method='List'><Status>ERROR</Status>"
        f"<ErrorDescription>{description}</ErrorDescription></Response>"
    )


def problem(title: str, status: int, detail: str) -> str:
    """The error of Xero's gateway."""
    return json.dumps({"Type": None, "Title": title, "Status": status, "Detail": detail, "Extensions": {}})


BOOK: Mapping[str, tuple[int, str, str, str]] = {
    "an error under 200": (200, XML, error("Unhandled"), "sync.failed"),
    "parameters refused": (400, XML, error("The 'from' parameter is required"), "sync.failed"),
    "scope or tier lacking": (
        401, JSON, problem("Unauthorized", 401, "AuthorizationUnsuccessful"), "preflight.scopes_missing",
    ),
    "no such path": (404, HTML, "", "sync.failed"),
    "a conflict": (409, XML, error("Conflict"), "sync.failed"),
    "a precondition": (412, HTML, "", "sync.failed"),
    "unhandled, XML": (500, XML, error("Object reference not set"), "sync.unavailable"),
    "unhandled, JSON": (500, JSON, '{"Title":"An error occurred"}', "sync.unavailable"),
    "unhandled, broken JSON": (500, JSON, '{"Title":', "sync.unavailable"),
    "unhandled, empty": (500, XML, "", "sync.unavailable"),
    "bad gateway": (502, HTML, "<html><h1>502</h1></html>", "sync.unavailable"),
    "gateway timeout": (504, HTML, "", "sync.unavailable"),
    "outage, JSON": (503, JSON, problem("Unavailable", 503, "ServiceNotAvailable"), "sync.unavailable"),
    "outage, text": (503, "text/plain", "The Organisation is offline", "sync.unavailable"),
    "a page instead of data": (200, HTML, "<html><body>Sign in</body></html>", "sync.failed"),
    "JSON instead of XML": (200, JSON, '{"StaffList":[]}', "sync.failed"),
    "nothing": (200, XML, "", "sync.failed"),
    "blanks": (200, XML, " \n ", "sync.failed"),
    "no content": (204, XML, "", "sync.failed"),
    "a redirect": (302, HTML, "", "sync.failed"),
    "no container": (200, XML, "<Response><Status>OK</Status></Response>", "sync.failed"),
}  # fmt: skip
"""Documented answers, with the message that an administrator reads."""


def test_every_wrong_answer_ends_in_one_clear_message_and_changes_nothing(house: Indoors) -> None:
    for name, (status, content_type, body, key) in BOOK.items():
        edit(house.xpm, Random(name), 10)
        before = house.rows("staff"), house.rows("record_change"), house.rows("practice_activity")
        details: dict[str, Any] = {"status": status, "body": body, "headers": {"Content-Type": content_type}}
        house.order("status", "staff.api/list", times=0, **details)
        failure = message_of_failed_sync(house, Entity.STAFF)
        assert failure is not None, name
        assert failure.key == key, name
        assert "Staff" in failure.title or key == "preflight.scopes_missing", name
        assert (house.rows("staff"), house.rows("record_change"), house.rows("practice_activity")) == before, name
        assert house.runs()[-1].status is RunStatus.FAILURE, name
        house.calm()
    assert_back_in_step(house)


@pytest.mark.parametrize(
    ("problem", "key"),
    [
        ("minute", "sync.rate_limited_shortly"),
        ("concurrent", "sync.rate_limited_shortly"),
        ("day", "sync.rate_limited"),
    ],
)
def test_a_limit_that_never_ends_stops_the_run(house: Indoors, problem: str, key: str) -> None:
    house.order("limit", "staff.api/list", times=0, problem=problem)
    failure = message_of_failed_sync(house, Entity.STAFF)
    assert failure is not None
    assert failure.key == key
    house.calm()
    assert_back_in_step(house)
