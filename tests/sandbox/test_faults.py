"""Injected faults: each hits the calls it is for, as often as it should."""

import time
from xml.etree import ElementTree as ET

import httpx
import pytest

from sandbox.world import COASTAL_BRANCH
from tests.sandbox.xero_app import XeroApp, read

CLIENTS = "client.api/list"


def test_a_status_fault_sends_the_given_answer_once(app: XeroApp) -> None:
    app.inject(
        area="xpm", kind="status", status=500, body="<Response/>", headers={"Content-Type": "text/xml", "X-Odd": "1"}
    )
    answer = app.xpm(CLIENTS)
    assert (answer.status_code, answer.text, answer.headers["x-odd"]) == (500, "<Response/>", "1")
    assert app.xpm(CLIENTS).status_code == 200


def test_a_fault_with_times_zero_applies_until_cleared(app: XeroApp) -> None:
    fault = app.inject(area="xpm", kind="maintenance", times=0)
    assert [app.xpm(CLIENTS).status_code for _ in range(3)] == [503] * 3
    app.control("DELETE", f"faults/{fault['id']}")
    assert app.xpm(CLIENTS).status_code == 200


def test_after_skips_the_first_calls_and_path_and_tenant_select(app: XeroApp) -> None:
    app.inject(area="xpm", path="Job.api", kind="garbage", after=1)
    app.inject(area="xpm", kind="garbage", tenant=COASTAL_BRANCH)
    kinds = [
        app.xpm(path).headers["content-type"][:9] for path in (CLIENTS, "job.api/current", CLIENTS, "job.api/current")
    ]
    assert kinds == ["text/xml;", "text/xml;", "text/xml;", "text/html"]


def test_a_fault_shows_how_many_calls_it_has_hit(app: XeroApp) -> None:
    app.inject(area="xpm", kind="forbidden", times=2)
    app.xpm(CLIENTS)
    (shown,) = app.control("GET", "faults").json()
    assert (shown["struck"], shown["spent"]) == (1, False)
    app.xpm(CLIENTS)
    (shown,) = app.control("GET", "faults").json()
    assert (shown["struck"], shown["spent"]) == (2, True)
    app.control("DELETE", "faults")
    assert app.control("GET", "faults").json() == []


@pytest.mark.parametrize(
    ("kind", "status", "detail"),
    [
        ("token_expired", 401, "TokenExpired: token expired at "),
        ("unauthorized", 401, "AuthenticationUnsuccessful"),
        ("forbidden", 403, "AuthenticationUnsuccessful"),
    ],
)
def test_injected_refusals_look_like_real_ones(app: XeroApp, kind: str, status: int, detail: str) -> None:
    app.inject(area="xpm", kind=kind)
    answer = app.xpm(CLIENTS)
    assert answer.status_code == status
    assert answer.json()["Detail"].startswith(detail)


@pytest.mark.parametrize(
    ("order", "retry_after"),
    [
        ({"problem": "minute"}, True),
        ({"problem": "day"}, True),
        ({"problem": "concurrent"}, False),
        ({"problem": "appminute"}, False),
    ],
)
def test_injected_limits_have_retry_after_for_minute_and_day_only(
    app: XeroApp, order: dict[str, object], retry_after: bool
) -> None:
    app.inject(area="xpm", kind="limit", **order)
    answer = app.xpm(CLIENTS)
    assert (answer.status_code, answer.content) == (429, b"")
    assert answer.headers["x-rate-limit-problem"] == order["problem"]
    assert ("retry-after" in answer.headers) is retry_after


def test_an_injected_limit_uses_the_given_retry_after(app: XeroApp) -> None:
    app.inject(area="xpm", kind="limit", problem="day", retry_after=43_000)
    assert app.xpm(CLIENTS).headers["retry-after"] == "43000"


def test_a_lost_answer_does_the_work_and_sends_nothing(app: XeroApp) -> None:
    old = app.tokens["refresh_token"]
    app.inject(area="token", kind="lost_answer")
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected without sending"):
        app.refresh()
    app.server.world.clock.advance(31 * 60)
    assert app.refresh(old).status_code == 400, "the refresh with the lost answer started the grace time"


def test_after_a_lost_answer_the_same_refresh_token_works_within_the_grace_time(app: XeroApp) -> None:
    app.inject(area="token", kind="lost_answer")
    with pytest.raises(httpx.RemoteProtocolError):
        app.refresh()
    assert app.refresh().status_code == 200


def test_a_reset_happens_before_any_work(app: XeroApp) -> None:
    app.inject(area="token", kind="reset")
    with pytest.raises(httpx.ReadError):
        app.refresh()
    app.server.world.clock.advance(31 * 60)
    assert app.refresh().status_code == 200, "the reset refresh did not use the token"


@pytest.mark.parametrize("how", [{"at_bytes": 1000}, {"fraction": 0.25}, {"at_bytes": 0}])
def test_a_truncated_answer_ends_within_its_body(app: XeroApp, how: dict[str, object]) -> None:
    whole = app.xpm(CLIENTS).content
    app.inject(area="xpm", kind="truncate", **how)
    received = b""
    headers = {"Authorization": f"Bearer {app.tokens['access_token']}", "xero-tenant-id": app.tenants[0]}
    with app.http.stream("GET", f"/practicemanager/3.1/{CLIENTS}", headers=headers) as answer:
        flow = answer.iter_raw()
        with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):  # noqa: PT012 - reads until it breaks
            while True:
                received += next(flow)
    assert len(received) == (how["at_bytes"] if "at_bytes" in how else len(whole) // 4)
    assert whole.startswith(received)


def test_a_json_answer_can_be_truncated(app: XeroApp) -> None:
    app.inject(area="tax", kind="truncate")
    with pytest.raises(httpx.RemoteProtocolError):
        app.get("/tax/returns")


def test_a_duplicate_repeats_the_first_record_at_the_end_of_the_list(app: XeroApp) -> None:
    whole = [
        record.findtext("UUID") for record in app.xml(CLIENTS).iter("Client") if record.find("Contacts") is not None
    ]
    app.inject(area="xpm", kind="duplicate")
    names = [
        record.findtext("UUID") for record in app.xml(CLIENTS).iter("Client") if record.find("Contacts") is not None
    ]
    assert names == [*whole, whole[0]]
    app.inject(area="tax", kind="duplicate")
    page = app.get("/tax/returns").json()
    assert page["returns"][-1] == page["returns"][0]
    assert len(page["returns"]) == page["total"] + 1


def test_a_mislabelled_answer_is_complete_with_a_wrong_content_type(app: XeroApp) -> None:
    whole = app.xpm("staff.api/list").content
    app.inject(area="xpm", kind="mislabel", content_type="image/png")
    answer = app.xpm("staff.api/list")
    assert (answer.content, answer.headers["content-type"]) == (whole, "image/png")


def test_a_dripping_answer_is_slow_and_complete(app: XeroApp) -> None:
    whole = app.xpm("staff.api/list").content
    app.inject(area="xpm", kind="drip", bytes=100, delay=0.01)
    began = time.monotonic()
    assert app.xpm("staff.api/list").content == whole
    assert time.monotonic() - began >= len(whole) // 100 * 0.01


def test_an_error_body_comes_with_status_200(app: XeroApp) -> None:
    app.inject(area="xpm", kind="error_body", description="Ka aroha & <sorry>")
    root = app.xml(CLIENTS)
    assert (root.findtext("Status"), root.findtext("ErrorDescription")) == ("ERROR", "Ka aroha & <sorry>")


def test_a_missing_container_differs_from_an_empty_one(app: XeroApp) -> None:
    app.inject(area="xpm", kind="no_container")
    app.inject(area="xpm", kind="empty_list")
    assert app.xml(CLIENTS).find("Clients") is None
    empty = app.xml(CLIENTS).find("Clients")
    assert empty is not None
    assert list(empty) == []


def test_garbage_is_html_with_status_200(app: XeroApp) -> None:
    app.inject(area="xpm", kind="garbage")
    answer = app.xpm(CLIENTS)
    assert answer.status_code == 200
    assert answer.text.startswith("<!DOCTYPE html>")


def test_a_bad_record_fault_corrupts_only_the_nth_record(app: XeroApp) -> None:
    good = [read(item) for item in app.items("job.api/current", "Job")]
    app.inject(area="xpm", kind="bad_record", nth=2, what="date")
    bad = [read(item) for item in app.items("job.api/current", "Job")]
    assert bad[1]["StartDate"] == "31/31/2024"
    assert [bad[0], *bad[2:]] == [good[0], *good[2:]]
    app.inject(area="xpm", kind="bad_record", nth=1, what="uuid")
    nameless = [read(item) for item in app.items("staff.api/list", "Staff")]
    assert "UUID" not in nameless[0]
    assert [read(item) for item in app.items("job.api/current", "Job")] == good


def test_the_tax_feed_supports_the_same_faults(app: XeroApp) -> None:
    for kind in ("empty_list", "no_container", "bad_record", "error_body"):
        app.inject(area="tax", kind=kind)
    empty, without_container, corrupted, error = (app.get("/tax/returns").json() for _ in range(4))
    assert (empty["returns"], empty["total"]) == ([], 5)
    assert "returns" not in without_container
    assert corrupted["returns"][0]["periodTo"] == "31/31/2024"
    assert error["error"] == "server_error"


def test_authorize_revocation_keys_and_connections_can_fail(app: XeroApp) -> None:
    for area in ("authorize", "revocation", "jwks", "connections"):
        app.inject(area=area, kind="status", status=502)
    app.inject(area="connections", kind="empty_list")
    assert app.http.get("/identity/connect/authorize").status_code == 502
    assert app.http.post("/connect/revocation").status_code == 502
    assert app.http.get("/.well-known/openid-configuration/jwks").status_code == 502
    assert app.get("/connections", tenant=None).status_code == 502
    assert app.get("/connections", tenant=None).json() == []


@pytest.mark.parametrize(
    "order",
    [
        {"area": "moon", "kind": "status"},
        {"area": "xpm", "kind": "earthquake"},
        {"area": "token", "kind": "empty_list"},
        {"area": "connections", "kind": "bad_record"},
        {"area": "xpm", "kind": "status", "status": "500"},
        {"area": "xpm", "kind": "drip", "status": 500},
        {"area": "xpm", "kind": "limit", "problem": "hour"},
        {"area": "xpm", "kind": "maintenance", "times": True},
    ],
)
def test_a_wrong_fault_description_is_refused(app: XeroApp, order: dict[str, object]) -> None:
    answer = app.http.post("/sandbox/faults", json=order)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_server_keeps_serving_after_every_fault(app: XeroApp) -> None:
    for kind in ("lost_answer", "reset", "truncate"):
        app.inject(area="xpm", kind=kind)
        with pytest.raises(httpx.TransportError):
            app.xpm(CLIENTS)
    assert ET.fromstring(app.xpm(CLIENTS).content).findtext("Status") == "OK"  # noqa: S314 - the sandbox's own XML
    seen = [row["status"] for row in app.control("GET", "requests").json() if row["area"] == "xpm"]
    assert seen == [None, None, 200, 200]
    assert app.control("GET", "usage").json()["tenants"][app.tenants[0]]["in_flight"] == 0
