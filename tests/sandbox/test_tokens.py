"""Tokens: exchange, claims, rotation, grace, expiry and revocation."""

import base64
import hashlib
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from sandbox.people import App
from sandbox.server import SandboxServer
from sandbox.visitor import visit
from sandbox.world import CLIENT_ID, HARBOUR_VALE, MERE, REDIRECT_URI
from tests.sandbox.kit import BASIC, VERIFIER, Guest, answer_of, authorize_url

MINUTES, DAYS = 60, 86_400


def claims(guest: Guest, token: str) -> dict[str, Any]:
    """The claims of a token whose signature holds."""
    keys = KeySet.import_key_set(guest.http.get("/.well-known/openid-configuration/jwks").json())
    return dict(jwt.decode(token, keys, algorithms=["RS256"]).claims)


def refused(answer: httpx.Response, error: str) -> None:
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_a_token_answer_holds_what_the_scopes_promise(guest: Guest) -> None:
    assert set(guest.tokens) == {"access_token", "token_type", "expires_in", "refresh_token", "id_token", "scope"}
    assert guest.tokens["token_type"] == "Bearer"
    assert guest.tokens["expires_in"] == 1800


def test_without_offline_access_and_openid_there_is_no_refresh_and_no_id_token(server: SandboxServer) -> None:
    guest = Guest(server).connect(scope="practicemanager")
    guest.http.close()
    assert set(guest.tokens) == {"access_token", "token_type", "expires_in", "scope"}


def test_the_access_token_carries_xeros_claims(guest: Guest) -> None:
    found = claims(guest, guest.tokens["access_token"])
    assert found["iss"] == guest.server.url
    assert found["aud"] == f"{guest.server.url}/resources"
    assert found["client_id"] == CLIENT_ID
    assert found["exp"] - found["nbf"] == 1800
    assert "practicemanager" in found["scope"]
    assert isinstance(found["scope"], list)
    assert found["xero_userid"] == guest.server.world.people[MERE].xero_userid
    event = guest.get("/connections", tenant=None).json()[0]["authEventId"]
    assert found["authentication_event_id"] == event


def test_the_id_token_carries_nonce_hash_and_names_and_no_event(guest: Guest) -> None:
    found = claims(guest, guest.tokens["id_token"])
    assert found["aud"] == CLIENT_ID
    assert found["nonce"] == "n-1"
    assert found["email"] == MERE
    assert (found["given_name"], found["family_name"]) == ("Mere", "Tāne")
    assert {"sub", "sid", "iat"} <= set(found)
    left_half = hashlib.sha256(guest.tokens["access_token"].encode()).digest()[:16]
    assert base64.urlsafe_b64decode(found["at_hash"] + "==") == left_half
    assert "authentication_event_id" not in found


def test_discovery_names_every_end_point_under_the_issuer(guest: Guest) -> None:
    found = guest.http.get("/.well-known/openid-configuration").json()
    assert found["issuer"] == guest.server.url
    assert found["authorization_endpoint"].endswith("/identity/connect/authorize")
    assert found["token_endpoint"].endswith("/connect/token")
    assert found["revocation_endpoint"].endswith("/connect/revocation")
    assert guest.http.get(found["jwks_uri"]).json()["keys"][0]["kid"]


def test_a_code_is_good_once_and_showing_it_again_revokes_its_tokens(guest: Guest) -> None:
    code = guest.code()
    guest.keep(guest.exchange(code))
    assert guest.xpm("staff.api/list").status_code == 200
    refused(guest.exchange(code), "invalid_grant")
    assert guest.xpm("staff.api/list").status_code == 401
    refused(guest.refresh(), "invalid_grant")


def test_a_code_dies_after_five_minutes(guest: Guest) -> None:
    code = guest.code()
    guest.server.world.clock.advance(5 * MINUTES + 1)
    refused(guest.exchange(code), "invalid_grant")


@pytest.mark.parametrize(
    "wrong", [{"redirect_uri": "http://127.0.0.1:9/"}, {"code_verifier": "b" * 43}, {"code": "guess"}]
)
def test_a_code_is_bound_to_redirect_uri_and_verifier(guest: Guest, wrong: dict[str, str]) -> None:
    refused(guest.exchange(guest.code(), **wrong), "invalid_grant")


def test_a_code_with_a_challenge_needs_its_verifier_and_one_without_takes_none(guest: Guest) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI}
    refused(guest.http.post("/connect/token", data={**form, "code": guest.code()}, auth=BASIC), "invalid_grant")
    bare = guest.code(code_challenge=None, code_challenge_method=None)
    refused(guest.exchange(bare), "invalid_grant")
    bare = guest.code(code_challenge=None, code_challenge_method=None)
    assert guest.http.post("/connect/token", data={**form, "code": bare}, auth=BASIC).status_code == 200


def test_a_code_is_bound_to_its_client(guest: Guest) -> None:
    guest.server.world.apps["other"] = App("other", "Other", "s", [REDIRECT_URI])
    form = {
        "grant_type": "authorization_code",
        "code": guest.code(),
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    refused(guest.http.post("/connect/token", data=form, auth=("other", "s")), "invalid_grant")


def test_a_wrong_secret_an_unknown_client_and_a_secret_in_the_body_are_invalid_client(guest: Guest) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": guest.tokens["refresh_token"]}
    refused(guest.http.post("/connect/token", data=form, auth=(CLIENT_ID, "wrong")), "invalid_client")
    refused(guest.http.post("/connect/token", data=form, auth=("nobody", "x")), "invalid_client")
    refused(guest.http.post("/connect/token", data={**form, "client_id": CLIENT_ID}), "invalid_client")
    refused(guest.http.post("/connect/token", data=form, headers={"Authorization": "Basic ???"}), "invalid_client")


@pytest.mark.parametrize(
    ("grant", "error"),
    [
        ("client_credentials", "unauthorized_client"),
        ("password", "unsupported_grant_type"),
        ("", "unsupported_grant_type"),
    ],
)
def test_other_grants_are_refused_by_name(guest: Guest, grant: str, error: str) -> None:
    refused(guest.http.post("/connect/token", data={"grant_type": grant}, auth=BASIC), error)


def test_an_app_without_secret_sends_its_client_id_in_the_body(server: SandboxServer) -> None:
    server.world.apps["desk"] = App("desk", "Desk", None, [REDIRECT_URI])
    callback = visit(authorize_url(server.url, client_id="desk"), MERE, tenants=[HARBOUR_VALE])
    form = {
        "grant_type": "authorization_code",
        "code": answer_of(callback)["code"],
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    token = f"{server.url}/connect/token"
    refused(httpx.post(token, data=form, auth=("desk", "x"), trust_env=False), "invalid_client")
    assert httpx.post(token, data={**form, "client_id": "desk"}, trust_env=False).status_code == 200


def test_every_refresh_gives_a_new_refresh_token(guest: Guest) -> None:
    seen = {guest.tokens["refresh_token"]}
    for _ in range(3):
        guest.keep(guest.refresh())
        seen.add(guest.tokens["refresh_token"])
    assert len(seen) == 4


def test_the_previous_refresh_token_works_for_thirty_minutes_as_often_as_needed(guest: Guest) -> None:
    first = guest.tokens["refresh_token"]
    guest.keep(guest.refresh())
    guest.server.world.clock.advance(29 * MINUTES)
    assert guest.refresh(first).status_code == 200
    assert guest.refresh(first).status_code == 200
    guest.server.world.clock.advance(2 * MINUTES)
    refused(guest.refresh(first), "invalid_grant")
    assert guest.refresh().status_code == 200


def test_a_refresh_token_unused_for_sixty_days_is_dead_and_using_it_starts_the_count_anew(guest: Guest) -> None:
    guest.server.world.clock.advance(59 * DAYS)
    guest.keep(guest.refresh())
    guest.server.world.clock.advance(59 * DAYS)
    guest.keep(guest.refresh())
    guest.server.world.clock.advance(61 * DAYS)
    refused(guest.refresh(), "invalid_grant")


def test_another_apps_refresh_token_is_an_invalid_grant(guest: Guest) -> None:
    guest.server.world.apps["other"] = App("other", "Other", "s", [])
    form = {"grant_type": "refresh_token", "refresh_token": guest.tokens["refresh_token"]}
    refused(guest.http.post("/connect/token", data=form, auth=("other", "s")), "invalid_grant")


def test_scopes_add_up_over_consents_until_they_are_revoked(guest: Guest) -> None:
    guest.connect(scope="offline_access practicemanager.job.read")
    assert {"practicemanager", "practicemanager.job.read"} <= set(guest.tokens["scope"].split())
    guest.http.post("/connect/revocation", data={"token": guest.tokens["refresh_token"]}, auth=BASIC)
    guest.connect(scope="offline_access practicemanager.job.read")
    assert set(guest.tokens["scope"].split()) == {"offline_access", "practicemanager.job.read"}


def test_revocation_kills_the_tokens_and_removes_every_connection_of_the_person(guest: Guest) -> None:
    answer = guest.http.post("/connect/revocation", data={"token": guest.tokens["refresh_token"]}, auth=BASIC)
    assert answer.status_code == 200
    refused(guest.refresh(), "invalid_grant")
    assert guest.get("/connections", tenant=None).status_code == 401
    assert guest.server.world.connections.where() == []


def test_revoking_an_unknown_token_is_no_error_but_a_wrong_secret_is(guest: Guest) -> None:
    assert guest.http.post("/connect/revocation", data={"token": "unknown"}, auth=BASIC).status_code == 200
    form = {"token": guest.tokens["refresh_token"]}
    refused(guest.http.post("/connect/revocation", data=form, auth=(CLIENT_ID, "wrong")), "invalid_client")
    assert guest.refresh().status_code == 200
