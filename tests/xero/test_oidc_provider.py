"""Our OAuth client works with a certified OpenID provider that nobody here wrote (oidc-provider), over real HTTP.

The provider requires PKCE, rotates each refresh token, and ends the consent if a used one comes again.
"""

from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from tests.xero.oidc_provider.process import CONFIDENTIAL, MERE, PUBLIC, SECRET, IdentityProvider, oidc_provider
from xpm.xero.app import XeroApp
from xpm.xero.errors import CallbackReason, CallbackRefused, ConsentDeclined, ConsentNeeded, MisconfiguredApp
from xpm.xero.oauth import AuthorisationRequest, ExpectedCallback, Grant, OAuthClient

pytestmark = [pytest.mark.deep, pytest.mark.xdist_group("oidc-provider")]

CALLBACK = "http://127.0.0.1:4280/oauth/callback"


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with oidc_provider() as running:
        yield running


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


def app_at(provider: IdentityProvider, secret: str | None = SECRET, client_id: str = CONFIDENTIAL) -> XeroApp:
    kept = SecretStr(secret) if secret else None
    return XeroApp(client_id=client_id, client_secret=kept, redirect_uri=CALLBACK, **provider.addresses)


def oauth_at(provider: IdentityProvider, http: httpx.Client) -> OAuthClient:
    return OAuthClient(app_at(provider), http)


def expected(begun: AuthorisationRequest) -> ExpectedCallback:
    return ExpectedCallback(
        state=begun.state, nonce=begun.nonce, code_verifier=begun.code_verifier, redirect_uri=CALLBACK
    )


def consent(provider: IdentityProvider, oauth: OAuthClient) -> Grant:
    begun = oauth.begin()
    return oauth.finish(dict(provider.sign_in(begun.url).params), expected(begun))


@pytest.mark.parametrize(("client_id", "secret"), [(CONFIDENTIAL, SECRET), (PUBLIC, None)])
def test_a_login_gives_tokens_and_says_who_logged_in(
    provider: IdentityProvider, http: httpx.Client, client_id: str, secret: str | None
) -> None:
    grant = consent(provider, OAuthClient(app_at(provider, secret, client_id), http))

    assert grant.identity.xero_userid == MERE["xero_userid"]
    assert (grant.identity.email, grant.identity.given_name, grant.identity.family_name) == (
        MERE["email"],
        MERE["given_name"],
        MERE["family_name"],
    )
    assert grant.tokens.access_token.get_secret_value()
    assert "practicemanager.read" in grant.tokens.scopes


def test_the_answer_names_the_issuer_and_another_issuer_is_refused(
    provider: IdentityProvider, http: httpx.Client
) -> None:
    oauth = oauth_at(provider, http)
    begun = oauth.begin()
    answer = dict(provider.sign_in(begun.url).params)
    assert answer["iss"] == provider.issuer  # RFC 9207
    with pytest.raises(CallbackRefused) as refused:
        oauth.finish(answer | {"iss": "https://attacker.example"}, expected(begun))
    assert refused.value.reason is CallbackReason.ISSUER


def test_a_code_is_worthless_without_the_verifier_of_its_login(provider: IdentityProvider, http: httpx.Client) -> None:
    oauth = oauth_at(provider, http)
    begun, another = oauth.begin(), oauth.begin()
    answer = dict(provider.sign_in(begun.url).params)
    with pytest.raises(ConsentNeeded):
        oauth.finish(answer, expected(begun).model_copy(update={"code_verifier": another.code_verifier}))


def test_an_id_token_of_another_login_is_refused(provider: IdentityProvider, http: httpx.Client) -> None:
    oauth = oauth_at(provider, http)
    begun = oauth.begin()
    answer = dict(provider.sign_in(begun.url).params)
    with pytest.raises(CallbackRefused) as refused:
        oauth.finish(answer, expected(begun).model_copy(update={"nonce": oauth.begin().nonce}))
    assert refused.value.reason is CallbackReason.NONCE


def test_cancelling_declines_the_consent(provider: IdentityProvider, http: httpx.Client) -> None:
    oauth = oauth_at(provider, http)
    begun = oauth.begin()
    with pytest.raises(ConsentDeclined):
        oauth.finish(dict(provider.sign_in(begun.url, allow=False).params), expected(begun))


def test_a_wrong_secret_is_a_misconfigured_app(provider: IdentityProvider, http: httpx.Client) -> None:
    with pytest.raises(MisconfiguredApp):
        consent(provider, OAuthClient(app_at(provider, secret="a-wrong-secret"), http))


def test_each_refresh_gives_a_new_refresh_token_and_the_newest_works(
    provider: IdentityProvider, http: httpx.Client
) -> None:
    oauth = oauth_at(provider, http)
    tokens = [consent(provider, oauth).tokens]
    for _ in range(3):
        tokens.append(oauth.refresh(tokens[-1].refresh_token))
    assert len({one.refresh_token.get_secret_value() for one in tokens}) == 4
    assert len({one.access_token.get_secret_value() for one in tokens}) == 4


def test_a_used_refresh_token_that_comes_again_ends_the_consent(provider: IdentityProvider, http: httpx.Client) -> None:
    """RFC 9700 §4.14.2: the provider cannot tell the thief from the owner, so both lose the consent."""
    oauth = oauth_at(provider, http)
    first = consent(provider, oauth).tokens
    second = oauth.refresh(first.refresh_token)
    with pytest.raises(ConsentNeeded):
        oauth.refresh(first.refresh_token)
    with pytest.raises(ConsentNeeded):
        oauth.refresh(second.refresh_token)


def test_a_new_signing_key_is_fetched_when_the_old_one_is_gone(provider: IdentityProvider, http: httpx.Client) -> None:
    oauth = oauth_at(provider, http)
    kept = consent(provider, oauth).tokens  # the client now holds the old key for an hour
    provider.rotate_keys()
    assert consent(provider, oauth).identity.xero_userid == MERE["xero_userid"]
    assert oauth.refresh(kept.refresh_token).access_token.get_secret_value()


class Recorder(httpx.HTTPTransport):
    """Keeps the answer of the token endpoint and, once it has one, gives it again instead of asking."""

    def __init__(self, token_url: str) -> None:
        super().__init__()
        self._token_url = token_url
        self._kept: bytes | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if str(request.url) != self._token_url:
            return super().handle_request(request)
        if self._kept is None:
            self._kept = super().handle_request(request).read()
        return httpx.Response(200, content=self._kept)


def test_an_id_token_under_a_key_that_is_gone_is_refused(provider: IdentityProvider) -> None:
    with httpx.Client(transport=Recorder(provider.addresses["token_url"])) as http:
        begun = oauth_at(provider, http).begin()
        answer = dict(provider.sign_in(begun.url).params)
        assert oauth_at(provider, http).finish(answer, expected(begun)).identity.xero_userid == MERE["xero_userid"]
        provider.rotate_keys()
        with pytest.raises(CallbackRefused) as refused:
            oauth_at(provider, http).finish(answer, expected(begun))
    assert refused.value.reason is CallbackReason.SIGNATURE


@pytest.mark.parametrize("used", [False, True], ids=["a fresh consent", "a refreshed consent"])
def test_a_revoked_consent_cannot_be_refreshed(provider: IdentityProvider, http: httpx.Client, used: bool) -> None:
    oauth = oauth_at(provider, http)
    tokens = consent(provider, oauth).tokens
    if used:
        tokens = oauth.refresh(tokens.refresh_token)
    oauth.revoke(tokens.refresh_token)
    oauth.revoke(tokens.refresh_token)  # a repeat is harmless (RFC 7009 §2.2)
    with pytest.raises(ConsentNeeded):
        oauth.refresh(tokens.refresh_token)
