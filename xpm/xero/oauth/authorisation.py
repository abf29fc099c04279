"""The authorisation request (RFC 6749 §4.1.1), which sends an administrator to Xero to give consent."""

from pydantic import BaseModel, ConfigDict, SecretStr

from xpm.xero.app import OAuthApp
from xpm.xero.oauth.authlib_parts import grant_uri, random_token
from xpm.xero.oauth.pkce import CHALLENGE_METHOD, code_challenge, new_code_verifier

_UNGUESSABLE = 43  # letters and digits: 256 bits, twice what RFC 6749 §10.10 requires


class AuthorisationRequest(BaseModel):
    """A consent in progress. `url` is for the browser; we keep the secrets until the callback."""

    model_config = ConfigDict(frozen=True)

    url: str
    state: SecretStr
    nonce: SecretStr
    code_verifier: SecretStr

    def __repr__(self) -> str:
        # The URL contains state and nonce, which are secret until the consent is finished.
        return f"{type(self).__name__}(url={self.url.partition('?')[0]!r})"

    __str__ = __repr__


def authorisation_request(app: OAuthApp) -> AuthorisationRequest:
    """Start a consent with a new `state` (RFC 6749 §10.12), `nonce` (OpenID Connect Core §3.1.2.1) and verifier."""
    state, nonce, verifier = random_token(_UNGUESSABLE), random_token(_UNGUESSABLE), new_code_verifier()
    url = grant_uri(
        app,
        state=state,
        nonce=nonce,
        code_challenge=code_challenge(verifier),
        code_challenge_method=CHALLENGE_METHOD,
    )
    return AuthorisationRequest(url=url, state=SecretStr(state), nonce=SecretStr(nonce), code_verifier=verifier)
