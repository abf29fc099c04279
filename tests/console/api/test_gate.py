"""Whoever has no token of the practice is refused, learns nothing, and changes nothing; whatever is asked for."""

import json
import re
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

import console.api
from console.api.app import PROBLEMS
from console.api.gate import LONGEST_BODY
from tests.console.api.program import HERE, Programs
from tests.console.office import CONSOLE, MERE, Office
from tests.pull.house import SLUG
from xpm.access import tokens
from xpm.access.tokens import PREFIX
from xpm.entities.names import Noun
from xpm.store import people, practices
from xpm.store.consent import connections
from xpm.store.tables import StoreTable
from xpm.words import message

API = Path(__file__).parents[3] / "docs" / "openapi.json"
TRAIL = {"audit_entry", "audit_head"}
COASTAL = "coastal"


Asked = tuple[str, str, dict[str, Any] | None]
EDITS: Asked = ("GET", f"{HERE}/edits", None)


def requests(practice: str, job: str, edit: int) -> list[Asked]:
    """A request for every operation that the description has, each of which would do something if it were let in."""
    described = json.loads(API.read_text("utf-8"))
    change = {"by": MERE, "version": "0", "values": {"name": "By a stranger"}}
    bodies: dict[str, dict[str, Any]] = {
        "/jobs/{job}": change,
        "/clients/{client}": change,
        "/jobs/{job}/times": {"by": MERE, "staff": "x", "task": "x", "date": "2026-01-01", "minutes": 5},
        "/edits": {"by": MERE, "edits": [{"kind": "job", "record": job, "values": {"name": "By a stranger"}}]},
        "/edits/{number}/keep": {"by": MERE, "seen": "2026-01-01T00:00:00Z"},
        "/edits/{number}/take": {"by": MERE, "seen": "2026-01-01T00:00:00Z"},
        "/edits/{number}/{decision}": {"by": MERE},
        "/conflicts/{side}": {"by": MERE, "field": "name", "seen": {}},
    }
    filled = {"practice": practice, "job": job, "client": "c-1", "number": edit, "decision": "withdraw", "side": "take"}
    return [
        (method.upper(), f"/api/v1{path.format(**filled)}", bodies[path.removeprefix("/practices/{practice}")])
        if method != "get"
        else ("GET", f"/api/v1{path.format(**filled)}", None)
        for path, operations in described["paths"].items()
        for method in operations
    ]


@pytest.fixture
def busy(programs: Programs) -> Programs:
    """A practice with a record that has an open edit, and another practice with an account of its own."""
    house = programs.desk.house
    with house.database.write() as session:
        now = house.clock()
        practices.add(
            session,
            slug=COASTAL,
            name="Coastal Branch",
            country="AU",
            time_zone="Australia/Sydney",
            history_start=now.date(),
            now=now,
        )
        people.add(session, COASTAL, MERE, "Mere Tāne", is_admin=True)
        connections.get(session, COASTAL).tenant_id = "00000000-0000-4000-8000-000000000000"
    programs.desk.edit(Noun.JOB, programs.desk.a_job(), name="Edited in FYI")
    return programs


def test_nobody_without_a_token_of_the_practice_is_let_in_whatever_they_ask_for(busy: Programs) -> None:
    house = busy.desk.house
    revoked, expired, valid = busy.token("revoked"), busy.token("expired", days=1), busy.token("valid")
    foreign = busy.token("foreign", COASTAL)
    tokens.revoke(house.integration, SLUG, "revoked")
    house.clock.ahead += timedelta(days=2)
    shut_out = {
        "none": None,
        "empty": "Bearer",
        "another scheme": f"Basic {valid}",
        "without a scheme": valid,
        "malformed": "Bearer \xff\xfe",
        "endless": f"Bearer {PREFIX}{'a' * 5_000}",
        "unknown": f"Bearer {PREFIX}{'a' * 43}",
        "nearly right": f"Bearer {valid[:-1]}",
        "its digest": f"Bearer {tokens.of_practice(house.integration, SLUG)[-1].digest}",
        "revoked": f"Bearer {revoked}",
        "expired": f"Bearer {expired}",
        "of another practice": f"Bearer {foreign}",
    }
    (edit,) = busy.desk.open_edits()
    asked = requests(SLUG, busy.desk.a_job(), edit.id or 0)
    asked += [("GET", "/api/v1/practices/nowhere/edits", None), ("GET", f"{HERE}/nothing", None)]
    asked += [("PUT", f"{HERE}/edits", {}), ("GET", "/api/v1/", None), ("OPTIONS", f"{HERE}/edits", None)]
    before = stored(busy)
    addresses = (f"2001:db8:{number:x}::1" for number in count())

    answers = {
        (answer.status_code, answer.text, answer.headers["www-authenticate"], answer.headers["content-type"])
        for sent in shut_out.values()
        for one in asked
        for answer in [call(busy, one, sent, next(addresses))]
    }

    (only,) = answers
    assert (only[0], json.loads(only[1])["key"]) == (401, "api.not_let_in")
    assert stored(busy) == before
    of_practice = [one for one in asked if SLUG in one[1]]
    assert [line.action for line in busy.trail()].count("call_api") == len(shut_out) * len(of_practice)
    assert not any(secret in repr(line) for line in busy.trail() for secret in (revoked, expired, valid, foreign))


def test_a_token_that_may_only_read_writes_nothing_and_says_so(busy: Programs) -> None:
    reader = busy.token("reader", may_edit=False)
    (edit,) = busy.desk.open_edits()
    before = stored(busy)

    for method, path, body in requests(SLUG, busy.desk.a_job(), edit.id or 0):
        answer = call(busy, (method, path, body), f"Bearer {reader}")
        if method == "GET":
            assert answer.status_code in (200, 404), path
        else:
            assert (answer.status_code, answer.json()["key"]) == (403, "api.may_only_read"), path
            assert "insufficient_scope" in answer.headers["www-authenticate"]

    assert {**stored(busy), "api_token": []} == {**before, "api_token": []}
    assert {line.actor for line in busy.trail() if line.action == "call_api"} == {"reader"}


def test_what_another_practice_has_is_not_there(busy: Programs) -> None:
    (edit,) = busy.desk.open_edits()
    foreign = f"Bearer {busy.token('foreign', COASTAL)}"
    before = stored(busy)

    for method, path, body in requests(COASTAL, busy.desk.a_job(), edit.id or 0):
        answer = call(busy, (method, path, body), foreign)
        nowhere = call(busy, (method, path.replace(f"/edits/{edit.id}", "/edits/987654"), body), foreign)
        assert (answer.status_code, answer.json().get("key")) == (nowhere.status_code, nowhere.json().get("key")), path
        assert "Edited in FYI" not in answer.text

    assert changed(before, stored(busy)) <= TRAIL | {"api_token"}


def test_a_revoked_token_is_shut_out_at_once(sqlite_programs: Programs) -> None:
    assert sqlite_programs.get("edits") == {"edits": [], "next": None}
    tokens.revoke(sqlite_programs.desk.house.integration, SLUG, "documents")
    assert sqlite_programs.http.get(f"{HERE}/edits").status_code == 401


def test_a_login_of_the_console_is_no_token(office: Office) -> None:
    assert office.get(f"/practices/{SLUG}").status_code == 200
    assert office.get(f"/api/v1/practices/{SLUG}/edits").status_code == 401


def test_a_token_is_no_login_of_the_console(sqlite_programs: Programs) -> None:
    page = sqlite_programs.http.get(f"/practices/{SLUG}")
    assert (page.status_code, page.headers["location"].partition("?")[0]) == (303, "/login")
    form = sqlite_programs.http.post(f"/practices/{SLUG}/sync", data={"entities": "staff"}, headers={"Origin": CONSOLE})
    assert form.status_code == 401


def test_a_stranger_fills_neither_the_trail_nor_the_way_of_people(sqlite_programs: Programs) -> None:
    before = len(sqlite_programs.trail())
    answers = [call(sqlite_programs, EDITS, None).status_code for _ in range(40)]

    assert (answers[0], answers[-1]) == (401, 429)
    assert len(sqlite_programs.trail()) - before == answers.count(401) <= 30
    assert sqlite_programs.http.get(f"{HERE}/edits").status_code == 200
    assert sqlite_programs.http.get("/login").status_code == 200


def test_a_program_that_calls_too_often_has_to_wait(sqlite_programs: Programs) -> None:
    other = f"Bearer {sqlite_programs.token('other')}"
    answers = [sqlite_programs.http.get(f"{HERE}/nothing").status_code for _ in range(610)]

    assert (answers[0], answers[-1]) == (404, 429)
    assert call(sqlite_programs, EDITS, other).status_code == 200


def test_a_body_that_is_not_as_described_is_refused(sqlite_programs: Programs) -> None:
    whole = {"by": MERE, "version": "1", "values": {"name": "x"}}
    bodies: dict[bytes, int] = {
        b"{": 422,
        b"[" * 100_000: 400,
        b'{"by": "\xff"}': 400,
        json.dumps({**whole, "values": {"name": "a\0b"}}).encode(): 422,
        json.dumps({**whole, "values": {"name": "\ud800"}}).encode(): 422,
        json.dumps({**whole, "values": {"\ud800": "x"}, "\ud800": 1}).encode(): 422,
        json.dumps({**whole, "values": {}}).encode(): 422,
        json.dumps({**whole, "confrim": 3}).encode(): 422,
        json.dumps({**whole, "by": "nobody"}).encode(): 422,
        b" " * (1024 * 1024 + 1): 413,
    }
    job = sqlite_programs.desk.a_job()

    for content, status in bodies.items():
        headers = {"Content-Type": "application/json"}
        answer = sqlite_programs.http.patch(f"{HERE}/jobs/{job}", content=content, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), content[
            :99
        ]
        assert answer.json()["next"]
    typeless = sqlite_programs.http.patch(f"{HERE}/jobs/{job}", content=json.dumps(whole).encode())
    endless = sqlite_programs.http.patch(f"{HERE}/jobs/{job}", content=iter([b"{}"]))

    assert (typeless.status_code, endless.status_code) == (422, 413)
    assert {*bodies.values()} <= PROBLEMS.keys()
    assert sqlite_programs.desk.open_edits() == []


def test_no_sentence_of_the_api_names_a_command_since_programs_have_no_terminal() -> None:
    source = "\n".join(path.read_text("utf-8") for path in Path(console.api.__file__).parent.glob("*.py"))
    keys = set(re.findall(r"""message\("(\w+\.\w+)\"""", source)) | set(re.findall(r"\"(api\.\w+)\"", source))

    assert {"api.not_let_in", "api.nothing_here", "access.too_often"} <= keys
    said = {key: message(key, most=LONGEST_BODY).text for key in keys}
    assert [text for text in said.values() if "fyi-xpm" in text or "--" in text] == []
    assert str(LONGEST_BODY) in said["api.too_long"]


def test_any_name_in_an_address_is_found_or_not(programs: Programs) -> None:
    for name in ("a%00b", "%F0%9F%98%80", "x" * 600, "..", "J000001'--", "%ED%A0%80"):
        answer = programs.http.get(f"{HERE}/jobs/{name}")
        assert (answer.status_code in (404, 422), answer.headers["content-type"]) == (True, "application/problem+json")


def test_any_question_in_an_address_is_answered_or_refused(programs: Programs) -> None:
    far = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
    asked = [{"changed_after": moment} for moment in (*far, "2026-01-01", "2026-01-01T00:00:00", "1e400", "now")]
    texts = ("a\0b", "%", "\\", "x" * 40_000)
    asked += [{name: text} for name in ("name", "number", "client", "after") for text in texts]
    asked += [{"limit": limit} for limit in ("0", "501", "-1", "1e3", "9" * 5_000)]

    for query in asked:
        answer = programs.http.get(f"{HERE}/jobs", params=query)
        assert answer.status_code in (200, 422), (query, answer.text)
    assert programs.http.get(f"{HERE}/jobs?name=%ED%A0%80").json()["records"] == []


def test_answers_are_kept_by_no_cache_and_read_by_no_web_page(sqlite_programs: Programs) -> None:
    answer = sqlite_programs.http.get(f"{HERE}/edits", headers={"Origin": "https://evil.example"})
    assert answer.headers["cache-control"] == "no-store"
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "set-cookie" not in answer.headers


def call(programs: Programs, asked: Asked, sent: str | None, address: str = "192.0.2.1") -> httpx.Response:
    """Send a request with this in the place of a token; from this address, as a proxy on this machine says."""
    method, path, body = asked
    request = programs.http.build_request(method, path, json=body, headers={"X-Forwarded-For": address})
    del request.headers["Authorization"]
    headers = [*request.headers.raw, *([] if sent is None else [(b"Authorization", sent.encode("latin-1"))])]
    return programs.http.send(httpx.Request(method, request.url, headers=headers, content=request.content))


def stored(programs: Programs) -> dict[str, list[str]]:
    """Every row of every table but the trail's."""
    house = programs.desk.house
    return {name: sorted(map(repr, house.rows(name))) for name in StoreTable.metadata.tables.keys() - TRAIL}


def changed(before: dict[str, list[str]], after: dict[str, list[str]]) -> set[str]:
    return {name for name in before if before[name] != after[name]}
