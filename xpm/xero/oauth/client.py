"""The OAuth 2.0 client for Xero: consent, refresh and revocation."""

from collections.abc import Mapping

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr

from xpm.xero.app import XeroApp
from xpm.xero.clock import Clock, utc_now
from xpm.xero.oauth import revocation, token
from xpm.xero.oauth.authorisation import AuthorisationRequest, authorisation_request
from xpm.xero.oauth.callback import ExpectedCallback, authorisation_code
from xpm.xero.oauth.identity import Identity, verified_identity
from xpm.xero.oauth.keys import SigningKeys
from xpm.xero.tokens import TokenSet


class Grant(BaseModel):
    """The result of a consent: tokens, the person, and the event id that its connections share (`authEventId`)."""

    model_config = ConfigDict(frozen=True)

    tokens: TokenSet
    identity: Identity
    authentication_event_id: str | None


class OAuthClient:
    """One app's calls to Xero's identity server. It keeps no tokens; their keeper decides when to refresh."""

    def __init__(self, app: XeroApp, http: httpx.Client, clock: Clock = utc_now) -> None:
        self._app = app
        self._http = http
        self._clock = clock
        self._keys = SigningKeys(http, app, clock)

    def begin(self) -> AuthorisationRequest:
        """Start a consent. Returns the URL for the browser, and the secrets to keep until the callback."""
        return authorisation_request(self._app)

    def finish(self, callback: Mapping[str, str], expected: ExpectedCallback) -> Grant:
        """Finish a consent with the parameters of the callback.

        Raises `CallbackRefused`, `ConsentDeclined`, `MisconfiguredApp`, `ConsentNeeded` (the code is refused),
        `AnswerLost` (start again: the code is used) or `XeroUnavailable`.
        """
        code = authorisation_code(callback, expected, self._app.issuer)
        self._keys.current()  # before using the code: without the keys its tokens are useless
        tokens, id_token = token.exchange(
            self._http,
            self._app,
            self._clock,
            code=code,
            code_verifier=expected.code_verifier,
            redirect_uri=expected.redirect_uri,
        )
        identity = verified_identity(
            id_token,
            keys=self._keys.for_token(id_token),
            app=self._app,
            nonce=expected.nonce,
            access_token=tokens.access_token,
            now=self._clock(),
        )
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
