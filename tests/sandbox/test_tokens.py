"""Tokens: exchange, claims, rotation, grace time, expiry and revocation."""

import base64
import hashlib
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from sandbox.browser import answer_consent
from sandbox.people import App
from sandbox.server import SandboxServer
from sandbox.world import CLIENT_ID, HARBOUR_VALE, MERE, REDIRECT_URI
from tests.sandbox.xero_app import BASIC, VERIFIER, XeroApp, answer_of, authorize_url

MINUTES, DAYS = 60, 86_400


def claims(app: XeroApp, token: str) -> dict[str, Any]:
    """Verify a token's signature and return its claims."""
    keys = KeySet.import_key_set(app.http.get("/.well-known/openid-configuration/jwks").json())
    return dict(jwt.decode(token, keys, algorithms=["RS256"]).claims)


def refused(answer: httpx.Response, error: str) -> None:
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_a_token_answer_has_the_tokens_that_its_scopes_grant(app: XeroApp) -> None:
    assert set(app.tokens) == {"access_token", "token_type", "expires_in", "refresh_token", "id_token", "scope"}
    assert app.tokens["token_type"] == "Bearer"
    assert app.tokens["expires_in"] == 1800


def test_without_offline_access_and_openid_there_is_no_refresh_token_and_no_id_token(server: SandboxServer) -> None:
    app = XeroApp(server).connect(scope="practicemanager")
    app.http.close()
    assert set(app.tokens) == {"access_token", "token_type", "expires_in", "scope"}


def test_the_access_token_has_xeros_claims(app: XeroApp) -> None:
    found = claims(app, app.tokens["access_token"])
    assert found["iss"] == app.server.url
    assert found["aud"] == f"{app.server.url}/resources"
    assert found["client_id"] == CLIENT_ID
    assert found["exp"] - found["nbf"] == 1800
    assert "practicemanager" in found["scope"]
    assert isinstance(found["scope"], list)
    assert found["xero_userid"] == app.server.world.people[MERE].xero_userid
    event = app.get("/connections", tenant=None).json()[0]["authEventId"]
    assert found["authentication_event_id"] == event


def test_the_id_token_has_nonce_hash_and_names_but_no_event(app: XeroApp) -> None:
    found = claims(app, app.tokens["id_token"])
    assert found["aud"] == CLIENT_ID
    assert found["nonce"] == "n-1"
    assert found["email"] == MERE
    assert (found["given_name"], found["family_name"]) == ("Mere", "Tāne")
    assert {"sub", "sid", "iat"} <= set(found)
    left_half = hashlib.sha256(app.tokens["access_token"].encode()).digest()[:16]
    assert base64.urlsafe_b64decode(found["at_hash"] + "==") == left_half
    assert "authentication_event_id" not in found


def test_discovery_lists_every_endpoint_under_the_issuer(app: XeroApp) -> None:
    found = app.http.get("/.well-known/openid-configuration").json()
    assert found["issuer"] == app.server.url
    assert found["authorization_endpoint"].endswith("/identity/connect/authorize")
    assert found["token_endpoint"].endswith("/connect/token")
    assert found["revocation_endpoint"].endswith("/connect/revocation")
    assert app.http.get(found["jwks_uri"]).json()["keys"][0]["kid"]


def test_a_code_works_once_and_a_second_use_revokes_its_tokens(app: XeroApp) -> None:
    code = app.code()
    app.keep(app.exchange(code))
    assert app.xpm("staff.api/list").status_code == 200
    refused(app.exchange(code), "invalid_grant")
    assert app.xpm("staff.api/list").status_code == 401
    refused(app.refresh(), "invalid_grant")


def test_a_code_expires_after_five_minutes(app: XeroApp) -> None:
    code = app.code()
    app.server.world.clock.advance(5 * MINUTES + 1)
    refused(app.exchange(code), "invalid_grant")


@pytest.mark.parametrize(
    "wrong", [{"redirect_uri": "http://127.0.0.1:9/"}, {"code_verifier": "b" * 43}, {"code": "guess"}]
)
def test_a_code_is_bound_to_redirect_uri_and_verifier(app: XeroApp, wrong: dict[str, str]) -> None:
    refused(app.exchange(app.code(), **wrong), "invalid_grant")


def test_a_code_with_a_challenge_needs_its_verifier_and_one_without_accepts_none(app: XeroApp) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI}
    refused(app.http.post("/connect/token", data={**form, "code": app.code()}, auth=BASIC), "invalid_grant")
    bare = app.code(code_challenge=None, code_challenge_method=None)
    refused(app.exchange(bare), "invalid_grant")
    bare = app.code(code_challenge=None, code_challenge_method=None)
    assert app.http.post("/connect/token", data={**form, "code": bare}, auth=BASIC).status_code == 200


def test_a_code_is_bound_to_its_client(app: XeroApp) -> None:
    app.server.world.apps["other"] = App("other", "Other", "s", [REDIRECT_URI])
    form = {
        "grant_type": "authorization_code",
        "code": app.code(),
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    refused(app.http.post("/connect/token", data=form, auth=("other", "s")), "invalid_grant")


def test_a_wrong_secret_an_unknown_client_and_a_missing_basic_header_are_invalid_client(app: XeroApp) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": app.tokens["refresh_token"]}
    refused(app.http.post("/connect/token", data=form, auth=(CLIENT_ID, "wrong")), "invalid_client")
    refused(app.http.post("/connect/token", data=form, auth=("nobody", "x")), "invalid_client")
    refused(app.http.post("/connect/token", data={**form, "client_id": CLIENT_ID}), "invalid_client")
    refused(app.http.post("/connect/token", data=form, headers={"Authorization": "Basic ???"}), "invalid_client")


@pytest.mark.parametrize(
    ("grant", "error"),
    [
        ("client_credentials", "unauthorized_client"),
        ("password", "unsupported_grant_type"),
        ("", "unsupported_grant_type"),
    ],
)
def test_each_other_grant_is_refused_with_its_own_error(app: XeroApp, grant: str, error: str) -> None:
    refused(app.http.post("/connect/token", data={"grant_type": grant}, auth=BASIC), error)


def test_an_app_without_a_secret_sends_its_client_id_in_the_body(server: SandboxServer) -> None:
    server.world.apps["desk"] = App("desk", "Desk", None, [REDIRECT_URI])
    callback = answer_consent(authorize_url(server.url, client_id="desk"), MERE, tenants=[HARBOUR_VALE])
    form = {
        "grant_type": "authorization_code",
        "code": answer_of(callback)["code"],
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    token = f"{server.url}/connect/token"
    refused(httpx.post(token, data=form, auth=("desk", "x"), trust_env=False), "invalid_client")
    assert httpx.post(token, data={**form, "client_id": "desk"}, trust_env=False).status_code == 200


def test_every_refresh_issues_a_new_refresh_token(app: XeroApp) -> None:
    seen = {app.tokens["refresh_token"]}
    for _ in range(3):
        app.keep(app.refresh())
        seen.add(app.tokens["refresh_token"])
    assert len(seen) == 4


def test_a_replaced_refresh_token_works_any_number_of_times_for_30_minutes(app: XeroApp) -> None:
    first = app.tokens["refresh_token"]
    app.keep(app.refresh())
    app.server.world.clock.advance(29 * MINUTES)
    assert app.refresh(first).status_code == 200
    assert app.refresh(first).status_code == 200
    app.server.world.clock.advance(2 * MINUTES)
    refused(app.refresh(first), "invalid_grant")
    assert app.refresh().status_code == 200


def test_a_refresh_token_expires_after_60_days_without_use(app: XeroApp) -> None:
    app.server.world.clock.advance(59 * DAYS)
    app.keep(app.refresh())
    app.server.world.clock.advance(59 * DAYS)
    app.keep(app.refresh())
    app.server.world.clock.advance(61 * DAYS)
    refused(app.refresh(), "invalid_grant")


def test_another_apps_refresh_token_is_an_invalid_grant(app: XeroApp) -> None:
    app.server.world.apps["other"] = App("other", "Other", "s", [])
    form = {"grant_type": "refresh_token", "refresh_token": app.tokens["refresh_token"]}
    refused(app.http.post("/connect/token", data=form, auth=("other", "s")), "invalid_grant")


def test_scopes_add_up_over_consents_until_revocation(app: XeroApp) -> None:
    app.connect(scope="offline_access practicemanager.job.read")
    assert {"practicemanager", "practicemanager.job.read"} <= set(app.tokens["scope"].split())
    app.http.post("/connect/revocation", data={"token": app.tokens["refresh_token"]}, auth=BASIC)
    app.connect(scope="offline_access practicemanager.job.read")
    assert set(app.tokens["scope"].split()) == {"offline_access", "practicemanager.job.read"}


def test_revocation_revokes_the_tokens_and_removes_all_the_persons_connections(app: XeroApp) -> None:
    answer = app.http.post("/connect/revocation", data={"token": app.tokens["refresh_token"]}, auth=BASIC)
    assert answer.status_code == 200
    refused(app.refresh(), "invalid_grant")
    assert app.get("/connections", tenant=None).status_code == 401
    assert app.server.world.connections.where() == []


def test_revoking_an_unknown_token_succeeds_but_a_wrong_secret_is_refused(app: XeroApp) -> None:
    assert app.http.post("/connect/revocation", data={"token": "unknown"}, auth=BASIC).status_code == 200
    form = {"token": app.tokens["refresh_token"]}
    refused(app.http.post("/connect/revocation", data=form, auth=(CLIENT_ID, "wrong")), "invalid_client")
    assert app.refresh().status_code == 200
