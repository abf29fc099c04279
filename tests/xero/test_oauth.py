import base64
import hashlib
from collections.abc import Mapping
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from tests.xero.fakes import APP, START, FakeClock, client
from tests.xero.identity_server import (
    EXPIRES_AT,
    GOOD_KEY,
    NEW_KEY,
    OTHER_KEY,
    SYMMETRIC_KEY,
    IdentityServer,
    id_claims,
    unsigned,
)
from xpm.xero.app import XeroApp
from xpm.xero.errors import (
    AnswerLost,
    CallbackReason,
    CallbackRefused,
    ConsentDeclined,
    ConsentNeeded,
    MisconfiguredApp,
    RateLimited,
    Refused,
    UnreadableAnswer,
    XeroError,
    XeroUnavailable,
)
from xpm.xero.oauth import AuthorisationRequest, ExpectedCallback, Grant, OAuthClient

SECRETS = ("refresh-token-value", "the-code", "app-secret-value", "verifier")


def oauth(server: IdentityServer, app: XeroApp = APP, clock: FakeClock | None = None) -> OAuthClient:
    return OAuthClient(app, client(server), clock or FakeClock())


def expected(begun: AuthorisationRequest) -> ExpectedCallback:
    return ExpectedCallback(
        state=begun.state, nonce=begun.nonce, code_verifier=begun.code_verifier, redirect_uri=APP.redirect_uri
    )


def finished(server: IdentityServer, callback: Mapping[str, str] | None = None, app: XeroApp = APP) -> Grant:
    """Complete a consent; `callback` overrides the callback's parameters ("-" removes one)."""
    flow = oauth(server, app)
    begun = flow.begin()
    server.nonce = begun.nonce.get_secret_value()
    good = {"code": "the-code", "state": begun.state.get_secret_value()}
    brought = {name: value for name, value in (good | dict(callback or {})).items() if value != "-"}
    return flow.finish(brought, expected(begun))


def test_the_authorize_url_has_every_required_parameter() -> None:
    begun = oauth(IdentityServer()).begin()
    url = httpx.URL(begun.url)
    verifier = begun.code_verifier.get_secret_value()
    digest = hashlib.sha256(verifier.encode()).digest()
    assert str(url.copy_with(query=None)) == APP.authorize_url
    assert dict(url.params) == {
        "response_type": "code",
        "client_id": "APP-ID",
        "redirect_uri": APP.redirect_uri,
        "scope": "openid profile email offline_access practicemanager",
        "state": begun.state.get_secret_value(),
        "nonce": begun.nonce.get_secret_value(),
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    assert 43 <= len(verifier) <= 128


def test_no_two_consents_share_a_secret() -> None:
    begun = [oauth(IdentityServer()).begin() for _ in range(20)]
    for name in ("state", "nonce", "code_verifier"):
        assert len({getattr(one, name).get_secret_value() for one in begun}) == 20


def test_an_authorisation_request_does_not_show_its_secrets() -> None:
    begun = oauth(IdentityServer()).begin()
    shown = repr(begun) + str(begun) + repr(expected(begun))
    for secret in (begun.state, begun.nonce, begun.code_verifier):
        assert secret.get_secret_value() not in shown


def test_a_consent_gives_tokens_the_identity_and_the_event_id() -> None:
    server = IdentityServer()
    grant = finished(server)
    assert grant.identity.model_dump() == {
        "xero_userid": "user-1",
        "email": "mere.tane@harbourvale.example",
        "given_name": "Mere",
        "family_name": "Tāne",
    }
    assert grant.authentication_event_id == "event-1"
    assert grant.tokens.expires_at == EXPIRES_AT
    assert grant.tokens.scopes == {"openid", "practicemanager"}
    (form,) = server.forms
    assert form["grant_type"] == "authorization_code"
    assert form["code"] == "the-code"
    assert form["redirect_uri"] == APP.redirect_uri
    assert len(form["code_verifier"]) >= 43
    basic = base64.b64encode(b"APP-ID:app-secret-value").decode()
    assert server.headers[0]["Authorization"] == f"Basic {basic}"
    assert "client_secret" not in form


def test_an_app_without_a_secret_sends_its_client_id_in_the_form() -> None:
    server = IdentityServer()
    finished(server, app=APP.model_copy(update={"client_secret": None}))
    assert server.forms[0]["client_id"] == "APP-ID"
    assert "Authorization" not in server.headers[0]


def test_a_grant_does_not_show_its_tokens() -> None:
    grant = finished(IdentityServer())
    shown = repr(grant) + str(grant) + grant.model_dump_json()
    assert "refresh-token-value" not in shown
    assert grant.tokens.access_token.get_secret_value() not in shown


@pytest.mark.parametrize(
    ("callback", "reason"),
    [
        ({"state": "-"}, CallbackReason.STATE),
        ({"state": ""}, CallbackReason.STATE),
        ({"state": "guess"}, CallbackReason.STATE),
        ({"state": "ключ"}, CallbackReason.STATE),
        ({"state": "guess", "error": "access_denied"}, CallbackReason.STATE),
        ({"code": "-"}, CallbackReason.CODE),
        ({"code": ""}, CallbackReason.CODE),
        ({"iss": "https://evil.example"}, CallbackReason.ISSUER),
        ({"iss": ""}, CallbackReason.ISSUER),
        ({"error": "server_error"}, CallbackReason.SERVER_ERROR),
        ({"error": "<script>alert(1)</script>"}, CallbackReason.SERVER_ERROR),
        ({"error": ""}, CallbackReason.SERVER_ERROR),
    ],
)
def test_a_wrong_callback_is_refused_without_calling_xero(callback: dict[str, str], reason: CallbackReason) -> None:
    server = IdentityServer()
    with pytest.raises(CallbackRefused) as caught:
        finished(server, callback)
    assert caught.value.reason is reason
    assert server.forms == []
    assert "script" not in str(caught.value)


def test_an_expected_callback_without_a_state_accepts_nothing() -> None:
    nothing = ExpectedCallback(
        state=SecretStr(""), nonce=SecretStr("n"), code_verifier=SecretStr("v"), redirect_uri=APP.redirect_uri
    )
    with pytest.raises(CallbackRefused):
        oauth(IdentityServer()).finish({"code": "the-code", "state": ""}, nothing)


def test_cancel_declines_the_consent_even_if_a_code_came_with_it() -> None:
    server = IdentityServer()
    with pytest.raises(ConsentDeclined):
        finished(server, {"error": "access_denied", "error_description": "TenantConsent status DENIED"})
    assert server.forms == []


@pytest.mark.parametrize("error", ["unauthorized_client", "invalid_scope", "invalid_request"])
def test_a_callback_error_about_the_app_is_a_misconfigured_app(error: str) -> None:
    with pytest.raises(MisconfiguredApp, match=error):
        finished(IdentityServer(), {"error": error, "code": "-"})


def test_a_callback_with_the_right_issuer_is_accepted() -> None:
    assert finished(IdentityServer(), {"iss": APP.issuer}).identity.xero_userid == "user-1"


NOW = int(START.timestamp())


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ({"iss": "https://evil.example"}, CallbackReason.ISSUER),
        ({"iss": None}, CallbackReason.ISSUER),
        ({"aud": "OTHER-APP"}, CallbackReason.AUDIENCE),
        ({"aud": None}, CallbackReason.AUDIENCE),
        ({"aud": ["OTHER-APP", "APP-ID"], "azp": "OTHER-APP"}, CallbackReason.AUDIENCE),
        ({"exp": NOW - 61}, CallbackReason.EXPIRED),
        ({"exp": None}, CallbackReason.EXPIRED),
        ({"exp": "soon"}, CallbackReason.EXPIRED),
        ({"nbf": NOW + 3_600}, CallbackReason.EXPIRED),
        ({"iat": NOW + 3_600}, CallbackReason.EXPIRED),
        ({"nonce": "of another consent"}, CallbackReason.NONCE),
        ({"nonce": None}, CallbackReason.NONCE),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, CallbackReason.ACCESS_TOKEN_HASH),
        ({"xero_userid": None}, CallbackReason.IDENTITY),
        ({"xero_userid": 5}, CallbackReason.IDENTITY),
        ({"sub": None}, CallbackReason.IDENTITY),
    ],
)
def test_an_id_token_with_a_wrong_claim_is_refused_with_its_reason(
    spoil: dict[str, object], reason: CallbackReason
) -> None:
    with pytest.raises(CallbackRefused) as caught:
        finished(IdentityServer(spoil=spoil))
    assert caught.value.reason is reason


@pytest.mark.parametrize("spoil", [{"exp": NOW - 30}, {"at_hash": None}, {"aud": ["APP-ID"]}, {"email": None}])
def test_a_valid_id_token_is_accepted(spoil: dict[str, object]) -> None:
    assert finished(IdentityServer(spoil=spoil)).identity.xero_userid == "user-1"


@pytest.mark.parametrize(
    "server",
    [
        IdentityServer(key=OTHER_KEY),
        IdentityServer(key=SYMMETRIC_KEY, algorithm="HS256"),
        IdentityServer(key=GOOD_KEY, algorithm="RS512"),
        IdentityServer(key=NEW_KEY),
        IdentityServer(published=[]),
    ],
    ids=["another key under the same name", "the secret as a key", "another algorithm", "unknown key", "no keys"],
)
def test_an_id_token_that_xero_did_not_sign_is_refused(server: IdentityServer) -> None:
    with pytest.raises(CallbackRefused) as caught:
        finished(server)
    assert caught.value.reason is CallbackReason.SIGNATURE


@pytest.mark.parametrize("id_token", [unsigned(id_claims("n", "t")), "no.jwt", "", "a.b.c", "ключ"])
def test_an_unsigned_or_malformed_id_token_is_refused(id_token: str) -> None:
    tokens = IdentityServer().tokens() | {"id_token": id_token}
    with pytest.raises(CallbackRefused) as caught:
        finished(IdentityServer(answer=httpx.Response(200, json=tokens)))
    assert caught.value.reason is CallbackReason.SIGNATURE


def test_the_keys_are_fetched_at_most_once_an_hour() -> None:
    server, clock = IdentityServer(), FakeClock()
    flow = oauth(server, clock=clock)

    def consent() -> None:
        begun = flow.begin()
        server.nonce = begun.nonce.get_secret_value()
        server.spoil = {"exp": int(clock.now.timestamp()) + 300}
        flow.finish({"code": "the-code", "state": begun.state.get_secret_value()}, expected(begun))

    for _ in range(3):
        consent()
    assert server.key_fetches == 1
    clock.advance(3_600)
    consent()
    assert server.key_fetches == 2


def test_an_unknown_key_is_fetched_at_once() -> None:
    server, clock = IdentityServer(), FakeClock()
    flow = oauth(server, clock=clock)
    for key in (GOOD_KEY, NEW_KEY):
        server.key, server.published = key, [GOOD_KEY, NEW_KEY][: server.key_fetches + 1]
        begun = flow.begin()
        server.nonce = begun.nonce.get_secret_value()
        if key is NEW_KEY:
            server.published = [NEW_KEY]
        flow.finish({"code": "the-code", "state": begun.state.get_secret_value()}, expected(begun))
    assert server.key_fetches == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.ConnectError("refused"), XeroUnavailable),
        (httpx.Response(403, text="<html>blocked</html>"), XeroUnavailable),
        (httpx.Response(200, text="<html>"), UnreadableAnswer),
        (httpx.Response(200, json=[]), UnreadableAnswer),
        (httpx.Response(200, json={"keys": [{"kty": "RSA"}]}), UnreadableAnswer),
    ],
)
def test_without_xeros_keys_the_code_is_not_used(answer: httpx.Response | Exception, kind: type[XeroError]) -> None:
    server = IdentityServer(keys_answer=answer)
    with pytest.raises(kind):
        finished(server)
    assert server.forms == []


@pytest.mark.parametrize("missing", ["refresh_token", "id_token"])
def test_a_consent_without_a_refresh_or_id_token_is_a_misconfigured_app(missing: str) -> None:
    tokens = IdentityServer().tokens()
    del tokens[missing]
    with pytest.raises(MisconfiguredApp):
        finished(IdentityServer(answer=httpx.Response(200, json=tokens)))


REFUSALS: list[tuple[httpx.Response | Exception, type[XeroError]]] = [
    (httpx.Response(400, json={"error": "invalid_grant"}), ConsentNeeded),
    (httpx.Response(400, json={"error": "invalid_client"}), MisconfiguredApp),
    (httpx.Response(401, json={"error": "invalid_client"}), MisconfiguredApp),
    (httpx.Response(400, json={"error": "unauthorized_client"}), MisconfiguredApp),
    (httpx.Response(400, json={"error": "unsupported_grant_type"}), MisconfiguredApp),
    (httpx.Response(400, json={"error": "invalid_scope"}), MisconfiguredApp),
    (httpx.Response(400, json={"error": "invalid_request"}), Refused),
    (httpx.Response(400, json=["invalid_grant"]), Refused),
    (httpx.Response(400, json={"error": {"invalid_grant": 1}}), Refused),
    (httpx.Response(400, text="<html>"), Refused),
    (httpx.Response(403, text="<html>blocked</html>"), Refused),
    (httpx.Response(429), RateLimited),
    (httpx.Response(500), AnswerLost),
    (httpx.Response(503, text="offline for maintenance"), AnswerLost),
    (httpx.Response(302), UnreadableAnswer),
    (httpx.Response(200, text="<html>refresh-token-value</html>"), AnswerLost),
    (httpx.Response(200, json={"refresh_token": "refresh-token-value"}), AnswerLost),
    (httpx.ConnectError("refused"), XeroUnavailable),
    (httpx.ConnectTimeout("slow"), XeroUnavailable),
    (httpx.PoolTimeout("busy"), XeroUnavailable),
    (httpx.ReadTimeout("slow"), AnswerLost),
    (httpx.ReadError("reset"), AnswerLost),
    (httpx.WriteError("reset"), AnswerLost),
    (httpx.RemoteProtocolError("closed"), AnswerLost),
]


@pytest.mark.parametrize(("answer", "kind"), REFUSALS)
def test_a_failed_refresh_raises_its_error_and_shows_no_secret(
    answer: httpx.Response | Exception, kind: type[XeroError]
) -> None:
    with pytest.raises(XeroError) as caught:
        oauth(IdentityServer(answer=answer)).refresh(SecretStr("refresh-token-value"))
    error = caught.value
    assert type(error) is kind
    assert error.endpoint == "oauth.token"
    # Crash reporters show chained errors, and httpx's errors hold the request with its form.
    assert error.__context__ is None
    assert not any(secret in repr(error) + str(error) for secret in SECRETS)


def test_refreshed_tokens_expire_by_the_time_of_the_request() -> None:
    clock = FakeClock()

    def slow(request: httpx.Request) -> httpx.Response:
        clock.advance(20)
        return server(request)

    server = IdentityServer()
    tokens = OAuthClient(APP, client(slow), clock).refresh(SecretStr("old"))
    assert tokens.refresh_token.get_secret_value() == "refresh-token-value"
    assert tokens.expires_at == START + timedelta(seconds=1_800)
    assert server.forms == [{"grant_type": "refresh_token", "refresh_token": "old"}]


def test_a_refresh_token_that_is_not_replaced_is_kept() -> None:
    answer = httpx.Response(200, json={"access_token": "a", "expires_in": 1800})
    tokens = oauth(IdentityServer(answer=answer)).refresh(SecretStr("old"))
    assert tokens.refresh_token.get_secret_value() == "old"
    assert tokens.scopes == frozenset(APP.scopes)
    assert tokens.authentication_event_id is None


def test_the_scopes_of_the_answer_override_those_of_the_token() -> None:
    answer = httpx.Response(200, json=IdentityServer().tokens() | {"scope": "openid practicemanager.read"})
    assert oauth(IdentityServer(answer=answer)).refresh(SecretStr("old")).scopes == {
        "openid",
        "practicemanager.read",
    }


def test_a_token_request_ignores_the_authentication_of_its_client() -> None:
    """The client may have an `XeroAuth`, but a token request must not carry an access token."""
    server = IdentityServer()
    http = httpx.Client(transport=httpx.MockTransport(server), auth=("wrong", "person"))
    OAuthClient(APP, http, FakeClock()).refresh(SecretStr("old"))
    assert base64.b64decode(server.headers[0]["Authorization"].removeprefix("Basic ")) == b"APP-ID:app-secret-value"


def test_a_revocation_sends_the_refresh_token_in_its_form_only() -> None:
    server = IdentityServer(answer=httpx.Response(200))
    oauth(server).revoke(SecretStr("refresh-token-value"))
    assert server.forms == [{"token": "refresh-token-value", "token_type_hint": "refresh_token"}]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(400, json={"error": "invalid_client"}), MisconfiguredApp),
        (httpx.Response(503), AnswerLost),
        (httpx.ReadTimeout("slow"), AnswerLost),
        (httpx.ConnectError("refused"), XeroUnavailable),
    ],
)
def test_a_failed_revocation_raises_its_error(answer: httpx.Response | Exception, kind: type[XeroError]) -> None:
    with pytest.raises(kind) as caught:
        oauth(IdentityServer(answer=answer)).revoke(SecretStr("refresh-token-value"))
    assert caught.value.__context__ is None
