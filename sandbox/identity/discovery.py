"""The discovery document (OpenID Connect Discovery 1.0) and the key set."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.identity.keys import ALGORITHM, jwks
from sandbox.identity.scopes import ALL_SCOPES


async def discovery(request: Request) -> Response:
    """`GET /.well-known/openid-configuration`. The issuer is the sandbox's base URL without a trailing slash."""
    base = str(request.base_url).rstrip("/")
    return JSONResponse(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/identity/connect/authorize",
            "token_endpoint": f"{base}/connect/token",
            "revocation_endpoint": f"{base}/connect/revocation",
            "jwks_uri": f"{base}/.well-known/openid-configuration/jwks",
            "scopes_supported": sorted(ALL_SCOPES),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
        }
    )


async def key_set(request: Request) -> Response:
    """`GET /.well-known/openid-configuration/jwks`."""
    return JSONResponse(jwks())
