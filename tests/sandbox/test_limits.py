"""Rate limits per tenant and app: calls in flight, per minute and per day."""

import threading

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE, small_world
from sandbox.xpm.limits import RateLimits
from tests.sandbox.xero_app import XeroApp


def limited(limits: RateLimits) -> SandboxServer:
    return SandboxServer(small_world(limits=limits))


def start_a_new_minute(app: XeroApp) -> None:
    """Move the clock to just after the tenant's minute window starts, so that none ends during the test."""
    seconds = app.server.world.rate_limiter.seconds_left("FYI-XPM-SANDBOX", HARBOUR_VALE, "minute")
    assert seconds is not None
    app.server.world.clock.advance(seconds + 0.01)


def test_answers_count_down_the_remaining_calls(app: XeroApp) -> None:
    start_a_new_minute(app)
    first, second = app.xpm("staff.api/list"), app.xpm("staff.api/list")
    assert (first.headers["x-minlimit-remaining"], second.headers["x-minlimit-remaining"]) == ("59", "58")
    assert int(second.headers["x-daylimit-remaining"]) == int(first.headers["x-daylimit-remaining"]) - 1
    assert int(first.headers["x-appminlimit-remaining"]) <= 9_999


def test_refused_calls_have_no_tenant_limit_headers(app: XeroApp) -> None:
    forbidden = app.xpm("staff.api/list", tenant=COASTAL_BRANCH)
    assert "x-minlimit-remaining" not in forbidden.headers
    assert "x-appminlimit-remaining" in forbidden.headers
    app.tokens["access_token"] = "nonsense"
    assert "x-appminlimit-remaining" not in app.xpm("staff.api/list").headers


def test_the_minute_limit_answers_429_with_retry_after_and_no_body() -> None:
    with limited(RateLimits(minute=3)) as server:
        app = XeroApp(server).connect()
        start_a_new_minute(app)
        assert [app.xpm("staff.api/list").status_code for _ in range(3)] == [200] * 3
        refused = app.xpm("staff.api/list")
        assert (refused.status_code, refused.content) == (429, b"")
        assert refused.headers["x-rate-limit-problem"] == "minute"
        server.world.clock.advance(int(refused.headers["retry-after"]))
        assert app.xpm("staff.api/list").status_code == 200
        app.http.close()


def test_the_day_limit_may_send_a_retry_after_of_hours() -> None:
    with limited(RateLimits(minute=0, day=2)) as server:
        app = XeroApp(server).connect()
        seconds = server.world.rate_limiter.seconds_left("FYI-XPM-SANDBOX", HARBOUR_VALE, "day")
        assert seconds is not None
        server.world.clock.advance(seconds + 0.01)
        app.keep(app.refresh())
        assert [app.xpm("staff.api/list").status_code for _ in range(2)] == [200, 200]
        refused = app.xpm("staff.api/list")
        assert refused.headers["x-rate-limit-problem"] == "day"
        assert int(refused.headers["retry-after"]) > 80_000
        assert refused.headers["x-daylimit-remaining"] == "0"
        app.http.close()


def test_each_tenant_has_its_own_limits() -> None:
    with limited(RateLimits(minute=1)) as server:
        app = XeroApp(server, tenants=(HARBOUR_VALE, COASTAL_BRANCH)).connect()
        start_a_new_minute(app)
        assert app.xpm("staff.api/list").status_code == 200
        assert app.xpm("staff.api/list").status_code == 429
        assert app.xpm("staff.api/list", tenant=COASTAL_BRANCH).status_code == 200
        app.http.close()


def test_a_call_over_the_concurrent_limit_is_refused_without_retry_after() -> None:
    with limited(RateLimits(concurrent=1)) as server:
        app = XeroApp(server).connect()
        app.inject(area="xpm", kind="drip", bytes=20, delay=0.02)
        headers = {"Authorization": f"Bearer {app.tokens['access_token']}", "xero-tenant-id": HARBOUR_VALE}
        with app.http.stream("GET", "/practicemanager/3.1/staff.api/list", headers=headers) as slow:
            flow = slow.iter_raw()
            next(flow)
            refused = app.xpm("staff.api/list")
        assert refused.status_code == 429
        assert refused.headers["x-rate-limit-problem"] == "concurrent"
        assert "retry-after" not in refused.headers
        app.http.close()


def test_five_clients_that_wait_for_each_answer_never_have_more_than_five_in_flight(server: SandboxServer) -> None:
    server.world.rate_limiter.limits = RateLimits(concurrent=5, minute=0, day=0)
    app = XeroApp(server).connect()
    statuses: list[int] = []

    def work() -> None:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            headers = {"Authorization": f"Bearer {app.tokens['access_token']}", "xero-tenant-id": HARBOUR_VALE}
            path = "/practicemanager/3.1/job.api/current?detailed=true"
            statuses.extend(client.get(path, headers=headers).status_code for _ in range(40))

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    app.http.close()
    assert statuses == [200] * 200
    assert server.world.request_log.usage()["tenants"][HARBOUR_VALE]["highest_in_flight"] <= 5


@pytest.mark.parametrize("name", ["x-minlimit-remaining", "x-daylimit-remaining"])
def test_a_limit_of_zero_is_off_and_has_no_header(name: str) -> None:
    with limited(RateLimits(0, 0, 0)) as server:
        app = XeroApp(server).connect()
        assert all(app.xpm("staff.api/list").status_code == 200 for _ in range(70))
        assert name not in app.xpm("staff.api/list").headers
        app.http.close()


def test_the_app_has_a_minute_limit_over_all_tenants() -> None:
    with limited(RateLimits(minute=0, day=0, app_minute=2)) as server:
        app = XeroApp(server, tenants=(HARBOUR_VALE, COASTAL_BRANCH)).connect()
        answers = [app.xpm("staff.api/list", tenant=tenant) for tenant in (HARBOUR_VALE, COASTAL_BRANCH) * 3]
        problems = [answer.headers.get("x-rate-limit-problem") for answer in answers]
        assert "appminute" in problems
        app.http.close()
