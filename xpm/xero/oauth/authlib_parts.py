"""Typed wrappers around the parts of Authlib that build and check OAuth messages without a transport.

We deliberately do not use Authlib's HTTP integrations: the HTTP library they bind to changes between releases, they
treat a denied consent as a client-credentials grant, and they refresh without a lock.
"""

from authlib.common.security import generate_token  # type: ignore[import-untyped]
from authlib.oauth2.auth import ClientAuth  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.parameters import (  # type: ignore[import-untyped]
    prepare_grant_uri,
    prepare_token_request,
)
from authlib.oauth2.rfc7009 import prepare_revoke_token_request  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc.jwt import Token

from xpm.xero.app import OAuthApp

_FORM = "application/x-www-form-urlencoded"


def random_token(length: int) -> str:
    """Return random letters and digits from the system's secure generator."""
    return str(generate_token(length))


def s256_challenge(code_verifier: str) -> str:
    """Return the S256 challenge (RFC 7636 §4.2)."""
    return str(create_s256_code_challenge(code_verifier))


def grant_uri(app: OAuthApp, **parameters: str) -> str:
    """Build the authorisation URL for the browser (RFC 6749 §4.1.1)."""
    return str(
        prepare_grant_uri(
            app.authorize_url, app.client_id, "code", redirect_uri=app.redirect_uri, scope=app.scopes, **parameters
        )
    )


def token_request_body(grant_type: str, **parameters: str) -> str:
    """Build the form of a token request (RFC 6749 §4.1.3 and §6)."""
    return str(prepare_token_request(grant_type, **parameters))


def revocation_body(refresh_token: str) -> str:
    """Build the form of a revocation request (RFC 7009 §2.1)."""
    return str(prepare_revoke_token_request(refresh_token, "refresh_token")[0])


def authenticated(app: OAuthApp, url: str, body: str) -> tuple[dict[str, str], str]:
    """Return headers and form with the app's credentials: Basic or `client_id` (RFC 6749 §2.3.1, §3.2.1)."""
    secret = app.client_secret.get_secret_value() if app.client_secret else None
    method = "client_secret_basic" if secret else "none"
    headers = {"Content-Type": _FORM, "Accept": "application/json"}
    _, headers, body = ClientAuth(app.client_id, secret, method).prepare("POST", url, headers, body)
    return headers, body


def validate_id_token_claims(
    token: Token, *, issuer: str, client_id: str, nonce: str, access_token: str, now: int, leeway: int
) -> None:
    """Check the claims of a token with a verified signature (OpenID Connect Core §3.1.3.7). Raises joserfc's errors."""
    claims = CodeIDToken(
        token.claims,
        token.header,
        options={"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}},
        params={"nonce": nonce, "client_id": client_id, "access_token": access_token},
    )
    claims.validate(now=now, leeway=leeway)
