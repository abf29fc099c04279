import base64
import hashlib
from collections.abc import Mapping
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jws
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
from xpm.xero.oauth.keys import SHORTEST_KEY, SigningKeys
from xpm.xero.oauth.token import ASSUMED_LIFE, LONGEST_TOKEN

SECRETS = ("refresh-token-value", "the-code", "app-secret-value", "verifier")


def a_key(bits: int) -> dict[str, object]:
    """Make a public key of any size; joserfc warns of short ones."""
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key().public_numbers()
    n = base64.urlsafe_b64encode(numbers.n.to_bytes(bits // 8, "big")).rstrip(b"=").decode()
    return {"kty": "RSA", "n": n, "e": "AQAB", "kid": "key-1"}


FOREIGN_KEYS: dict[str, object] = {
    "an elliptic curve": {"kty": "EC", "crv": "P-256", "kid": "key-1", "x": "AA", "y": "AA"},
    "a type that does not exist": {"kty": "ML-DSA", "kid": "key-1"},
    "a key without parts": {"kty": "RSA", "kid": "key-1"},
    "a key whose modulus is no number": {"kty": "RSA", "kid": "key-1", "n": "*", "e": "AQAB"},
    "a key with a list as its modulus": {"kty": "RSA", "kid": "key-1", "n": ["AQAB"], "e": "AQAB"},
    "a key with an even exponent": {**GOOD_KEY.as_dict(private=False), "e": "AA"},
    "a key with an enormous exponent": {**GOOD_KEY.as_dict(private=False), "e": "_" * 300},
    "a short key": a_key(1024),
    "a key with an odd name": {**NEW_KEY.as_dict(private=False), "kid": ["key-1"]},
    "a key for encryption": {**OTHER_KEY.as_dict(private=False), "use": "enc"},
    "a key of another algorithm": {**OTHER_KEY.as_dict(private=False), "alg": "PS256"},
    "a key that only signs": {**OTHER_KEY.as_dict(private=False), "key_ops": ["sign"]},
    "a key with odd operations": {**OTHER_KEY.as_dict(private=False), "key_ops": "verify"},
    "text": "key",
    "nothing": None,
}


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
        "scope": "openid profile email offline_access practicemanager.read",
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
        ({"exp": NOW - 301}, CallbackReason.EXPIRED),
        ({"exp": None}, CallbackReason.EXPIRED),
        ({"exp": "soon"}, CallbackReason.EXPIRED),
        ({"nbf": NOW + 3_600}, CallbackReason.EXPIRED),
        ({"iat": NOW + 301}, CallbackReason.CLOCK),
        ({"iat": NOW - 3_600, "exp": NOW - 3_300}, CallbackReason.CLOCK),
        ({"iat": None, "nbf": NOW + 3_600}, CallbackReason.CLOCK),
        ({"iat": 10**30}, CallbackReason.EXPIRED),
        ({"exp": float("nan")}, CallbackReason.EXPIRED),
        ({"exp": float("inf")}, CallbackReason.EXPIRED),
        ({"exp": True}, CallbackReason.EXPIRED),
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


@pytest.mark.parametrize(
    ("ahead", "reason"),
    [(3_600, CallbackReason.CLOCK), (-3_600, CallbackReason.CLOCK), (299, CallbackReason.EXPIRED)],
    ids=["Xero is ahead", "Xero is behind", "within the tolerance"],
)
def test_whether_a_clock_is_wrong_follows_from_the_date_of_the_answer(ahead: int, reason: CallbackReason) -> None:
    server = IdentityServer(spoil={"exp": NOW - 301}, date=START + timedelta(seconds=ahead))
    with pytest.raises(CallbackRefused) as caught:
        finished(server)
    assert caught.value.reason is reason


def test_an_old_token_is_expired_and_no_clock_is_blamed_if_both_agree() -> None:
    server = IdentityServer(spoil={"iat": NOW - 3_600, "exp": NOW - 3_300}, date=START)
    with pytest.raises(CallbackRefused) as caught:
        finished(server)
    assert caught.value.reason is CallbackReason.EXPIRED


@pytest.mark.parametrize("off", [-290, 290])
def test_a_clock_that_is_off_by_less_than_five_minutes_is_tolerated(off: int) -> None:
    times = {"iat": NOW + off, "nbf": NOW + off, "exp": NOW + off + 300}
    assert finished(IdentityServer(spoil=dict(times))).identity.xero_userid == "user-1"


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
    ],
    ids=["another key under the same name", "the secret as a key", "another algorithm", "unknown key"],
)
def test_an_id_token_that_xero_did_not_sign_is_refused(server: IdentityServer) -> None:
    with pytest.raises(CallbackRefused) as caught:
        finished(server)
    assert caught.value.reason is CallbackReason.SIGNATURE


def signed_raw(payload: bytes) -> str:
    return jws.serialize_compact({"alg": "RS256", "kid": "key-1"}, payload, GOOD_KEY)


@pytest.mark.parametrize(
    "id_token",
    [
        unsigned(id_claims("n", "t")),
        "no.jwt",
        "",
        "a.b.c",
        "ключ",
        signed_raw(b"[" * 5_000),
        signed_raw(b"9" * 5_000),
        base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"key-1","crit":5}').decode() + ".e30.AAAA",
        base64.urlsafe_b64encode(b'{"a":' * 5_000).decode() + ".e30.AAAA",
    ],
    ids=range(9),
)
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
        (httpx.Response(200, json={"keys": []}), UnreadableAnswer),
        (httpx.Response(200, json={"keys": {"kty": "RSA"}}), UnreadableAnswer),
        (httpx.Response(200, content=b"[" * 100_000), UnreadableAnswer),
        (httpx.Response(200, content=b" " * 2_000_000), XeroUnavailable),
    ],
)
def test_without_xeros_keys_the_code_is_not_used(answer: httpx.Response | Exception, kind: type[XeroError]) -> None:
    server = IdentityServer(keys_answer=answer)
    with pytest.raises(kind):
        finished(server)
    assert server.forms == []


@pytest.mark.parametrize("beside", FOREIGN_KEYS.values(), ids=FOREIGN_KEYS)
def test_a_key_that_we_cannot_use_does_not_keep_the_others_from_serving(beside: object) -> None:
    """RFC 7517 §5."""
    assert finished(IdentityServer(beside=[beside])).identity.xero_userid == "user-1"


@pytest.mark.parametrize("bits", [1024, 2040, 8200], ids=["1024 bits", "2040 bits", "8200 bits"])
def test_a_key_that_is_too_short_or_too_long_verifies_nothing(bits: int) -> None:
    key = a_key(bits) if bits < SHORTEST_KEY else {**GOOD_KEY.as_dict(private=False), "n": "_" * (bits // 6)}
    server = IdentityServer(keys_answer=httpx.Response(200, json={"keys": [key]}))
    with pytest.raises(UnreadableAnswer):
        finished(server)
    assert server.forms == []


def test_a_private_key_that_somebody_published_serves_as_a_public_one_only() -> None:
    keys = SigningKeys(client(IdentityServer(beside=[NEW_KEY.as_dict(private=True)])), APP, FakeClock()).current()
    assert [key.is_private for key in keys.keys] == [False, False]


TOKENS = {"access_token": "a", "token_type": "Bearer", "expires_in": 1800, "refresh_token": "r"}


@pytest.mark.parametrize(
    "odd",
    [
        {"token_type": "DPoP"},
        {"token_type": "mac"},
        {"token_type": ""},
        {"token_type": None},
        {"token_type": ["Bearer"]},
        {"access_token": ""},
        {"access_token": " "},
        {"access_token": "a\r\nX-Injected: 1"},
        {"access_token": "ключ"},
        {"access_token": None},
        {"access_token": "a" * (LONGEST_TOKEN + 1)},
        {"refresh_token": ""},
        {"refresh_token": "r\x00"},
    ],
    ids=lambda odd: str(odd)[:40],
)
def test_tokens_that_cannot_be_used_are_refused_and_not_shown(odd: dict[str, object]) -> None:
    (name,) = odd
    with pytest.raises(AnswerLost, match=f"cannot be used because of: {name}") as caught:
        oauth(IdentityServer(answer=httpx.Response(200, json=TOKENS | odd))).refresh(SecretStr("old"))
    assert caught.value.__context__ is None
    assert "Injected" not in repr(caught.value)


@pytest.mark.parametrize("token_type", ["bearer", "BEARER", "Bearer"])
def test_the_type_of_a_token_may_have_any_case(token_type: str) -> None:
    answer = httpx.Response(200, json=TOKENS | {"token_type": token_type})
    assert oauth(IdentityServer(answer=answer)).refresh(SecretStr("old")).access_token.get_secret_value() == "a"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (60, 60),
        (86_400, 86_400),
        ("1200", 1_200),
        ("-", ASSUMED_LIFE),
        (None, ASSUMED_LIFE),
        (0, ASSUMED_LIFE),
        (-1, ASSUMED_LIFE),
        (86_401, ASSUMED_LIFE),
        (10**30, ASSUMED_LIFE),
        (1_800.5, ASSUMED_LIFE),
        (True, ASSUMED_LIFE),
        ("soon", ASSUMED_LIFE),
        ("٣٠", ASSUMED_LIFE),
        ([1], ASSUMED_LIFE),
        ({}, ASSUMED_LIFE),
    ],
    ids=str,
)
def test_an_odd_lifetime_gets_the_documented_default_and_spends_no_code(said: object, seconds: int) -> None:
    tokens = IdentityServer().tokens() | {"expires_in": said}
    if said == "-":
        del tokens["expires_in"]
    refreshed = oauth(IdentityServer(answer=httpx.Response(200, json=tokens))).refresh(SecretStr("old"))
    assert refreshed.expires_at == START + timedelta(seconds=seconds)


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
