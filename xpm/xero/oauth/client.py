"""The OAuth 2.0 clients: logging a person in at any issuer, and Xero's consent, refresh and revocation."""

from collections.abc import Mapping
from datetime import datetime

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr

from xpm.xero.app import OAuthApp, XeroApp
from xpm.xero.clock import Clock, utc_now
from xpm.xero.oauth import revocation, token, userinfo
from xpm.xero.oauth.authorisation import AuthorisationRequest, authorisation_request
from xpm.xero.oauth.callback import ExpectedCallback, authorisation_code
from xpm.xero.oauth.identity import Identity, IssuedIdentity, Who, verified_identity
from xpm.xero.oauth.keys import SigningKeys
from xpm.xero.tokens import TokenSet


class Grant(BaseModel):
    """The result of a consent: tokens, the person, and the event id that its connections share (`authEventId`)."""

    model_config = ConfigDict(frozen=True)

    tokens: TokenSet
    identity: Identity
    authentication_event_id: str | None


class LoginClient:
    """One app's calls to an issuer of OpenID Connect that only says who somebody is. It keeps no tokens."""

    def __init__(self, app: OAuthApp, http: httpx.Client, clock: Clock = utc_now) -> None:
        self._login_app = app
        self._http = http
        self._clock = clock
        self._keys = SigningKeys(http, app, clock)

    def begin(self) -> AuthorisationRequest:
        """Start a login. Returns the URL for the browser, and the secrets to keep until the callback."""
        return authorisation_request(self._login_app)

    def identify(self, callback: Mapping[str, str], expected: ExpectedCallback) -> IssuedIdentity:
        """Finish a login with the parameters of the callback, and forget its tokens. Raises as `OAuthClient.finish`."""
        code = authorisation_code(callback, expected, self._login_app.issuer)
        self._keys.current()  # before using the code: without the keys its id_token is useless
        access_token, id_token, issuer_time = token.identify(self._http, self._login_app, code=code, expected=expected)
        who = self._verified(IssuedIdentity, id_token, access_token, expected, issuer_time)
        url = self._login_app.userinfo_url
        return who if who.email or url is None else userinfo.completed(self._http, url, access_token, who)

    def _verified(
        self,
        model: type[Who],
        id_token: SecretStr,
        access_token: SecretStr,
        expected: ExpectedCallback,
        issuer_time: datetime | None,
    ) -> Who:
        """Return whom an id_token names, after checking that it answers this login. Raises `CallbackRefused`."""
        return verified_identity(
            model,
            id_token,
            keys=self._keys.for_token(id_token),
            app=self._login_app,
            nonce=expected.nonce,
            access_token=access_token,
            now=self._clock(),
            issuer_time=issuer_time,
        )


class OAuthClient(LoginClient):
    """One app's calls to Xero's identity server. It keeps no tokens; their keeper decides when to refresh."""

    def __init__(self, app: XeroApp, http: httpx.Client, clock: Clock = utc_now) -> None:
        super().__init__(app, http, clock)
        self._app = app

    def finish(self, callback: Mapping[str, str], expected: ExpectedCallback) -> Grant:
        """Finish a consent with the parameters of the callback.

        Raises `CallbackRefused`, `ConsentDeclined`, `MisconfiguredApp`, `ConsentNeeded` (the code is refused),
        `AnswerLost` (start again: the code is used) or `XeroUnavailable`.
        """
        code = authorisation_code(callback, expected, self._app.issuer)
        self._keys.current()  # before using the code: without the keys its tokens are useless
        tokens, id_token, issuer_time = token.exchange(
            self._http,
            self._app,
            self._clock,
            code=code,
            code_verifier=expected.code_verifier,
            redirect_uri=expected.redirect_uri,
        )
        identity = self._verified(Identity, id_token, tokens.access_token, expected, issuer_time)
        return Grant(tokens=tokens, identity=identity, authentication_event_id=tokens.authentication_event_id)

    def refresh(self, refresh_token: SecretStr) -> TokenSet:
        """Return newer tokens for a refresh token. Store them before you use them.

        Raises `ConsentNeeded`, `MisconfiguredApp`, `AnswerLost` (repeat with the same refresh token within 30 minutes)
        or `XeroUnavailable`. Hold a lease: two simultaneous refreshes of one token can end the consent.
        """
        return token.refresh(self._http, self._app, self._clock, refresh_token)

    def revoke(self, refresh_token: SecretStr) -> None:
        """Revoke the consent. Xero also removes all the person's connections to this app."""
        revocation.revoke(self._http, self._app, refresh_token)
