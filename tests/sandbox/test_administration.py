"""What happens at Xero without the app being told, the request log, and the usage."""

from sandbox.world import CLIENT_ID, CLIENT_SECRET, HARBOUR_VALE, MERE, REDIRECT_URI
from tests.sandbox.xero_app import XeroApp


def test_expired_tokens_can_be_refreshed_but_revoked_ones_cannot(app: XeroApp) -> None:
    assert app.control("POST", "tokens/expire").json() == {"expired": 1}
    assert app.xpm("staff.api/list").json()["Detail"].startswith("TokenExpired")
    app.keep(app.refresh())
    assert app.xpm("staff.api/list").status_code == 200
    assert app.control("POST", "tokens/revoke", {"email": MERE}).json() == {"revoked": 1}
    assert app.xpm("staff.api/list").json()["Detail"] == "AuthenticationUnsuccessful"
    assert app.refresh().json() == {"error": "invalid_grant"}


def test_a_connection_removed_at_xero_leaves_the_list(app: XeroApp) -> None:
    (row,) = app.get("/connections", tenant=None).json()
    app.control("DELETE", f"connections/{row['id']}")
    assert app.get("/connections", tenant=None).json() == []
    assert app.http.delete(f"/sandbox/connections/{row['id']}").status_code == 404


def test_rotating_the_secret_invalidates_the_old_one(app: XeroApp) -> None:
    new = app.control("PATCH", f"apps/{CLIENT_ID}", {"rotate_secret": True}).json()["secret"]
    assert app.refresh().json() == {"error": "invalid_client"}
    form = {"grant_type": "refresh_token", "refresh_token": app.tokens["refresh_token"]}
    assert app.http.post("/connect/token", data=form, auth=(CLIENT_ID, new)).status_code == 200


def test_redirect_uris_and_scopes_of_the_app_can_be_changed(app: XeroApp) -> None:
    changes = {"redirect_uris": [REDIRECT_URI, "http://127.0.0.1:9/cb"], "scopes": ["openid"]}
    shown = app.control("PATCH", f"apps/{CLIENT_ID}", changes).json()
    assert (shown["redirect_uris"], shown["scopes"]) == (changes["redirect_uris"], ["openid"])


def test_the_world_endpoint_shows_no_secrets_or_passwords(app: XeroApp) -> None:
    answer = app.control("GET", "world")
    world = answer.json()
    assert CLIENT_SECRET not in answer.text
    assert '"password"' not in answer.text
    harbour = next(row for row in world["tenants"] if row["tenantId"] == HARBOUR_VALE)
    assert harbour["counts"]["jobs"] == 12
    assert [person["name"] for person in world["people"]] == ["Mere Tāne", "Sam Brooks", "Leo Fraser"]
    assert world["connections"][0]["email"] == MERE


def test_the_request_log_contains_no_secrets(app: XeroApp) -> None:
    app.xpm("job.api/list", **{"from": "20240101", "to": "20240201"})
    answer = app.control("GET", "requests")
    rows = answer.json()
    assert rows[-1] | {"at": "", "milliseconds": 0, "number": 0, "bytes_out": 0} == {
        "number": 0,
        "at": "",
        "area": "xpm",
        "method": "GET",
        "path": "job.api/list",
        "query_keys": ["from", "to"],
        "tenant": HARBOUR_VALE,
        "status": 200,
        "bytes_out": 0,
        "milliseconds": 0,
        "in_flight_at_start": 1,
    }
    assert app.tokens["access_token"] not in answer.text
    assert app.tokens["refresh_token"] not in answer.text
    assert {row["area"] for row in rows} == {"authorize", "token", "xpm"}
    newest = rows[-1]["number"]
    assert app.control("GET", f"requests?since={newest}").json() == []
    app.control("DELETE", "requests")
    assert app.control("GET", "requests").json() == []


def test_usage_counts_calls_bytes_refusals_and_grants(app: XeroApp) -> None:
    body = app.xpm("staff.api/list").content
    app.inject(area="xpm", kind="limit")
    app.xpm("staff.api/list")
    app.refresh()
    usage = app.control("GET", "usage").json()
    tenant = usage["tenants"][HARBOUR_VALE]
    assert (tenant["calls"], tenant["refused"], tenant["bytes"], tenant["in_flight"]) == (2, 1, len(body), 0)
    assert tenant["highest_in_flight"] == 1
    assert 1 <= tenant["calls_this_minute"] <= tenant["highest_in_a_minute"] <= 2
    assert usage["token_requests"] == {"authorization_code": 1, "refresh_token": 1}


def test_the_clock_endpoint_returns_the_time_and_moves_it_forward(app: XeroApp) -> None:
    before = app.control("POST", "clock").json()["now"]
    after = app.control("POST", "clock", {"advance_seconds": 3600}).json()["now"]
    assert after > before


def test_resetting_the_limits_restores_the_full_allowance(app: XeroApp) -> None:
    app.xpm("staff.api/list")
    app.control("POST", "limits/reset")
    assert app.xpm("staff.api/list").headers["x-daylimit-remaining"] == "4999"
