"""The identity server's signing key. A new one is made in each process, since no token outlives the process."""

from __future__ import annotations

import base64
from functools import cache
from hashlib import sha256
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

ALGORITHM = "RS256"  # what Xero's discovery document names


@cache
def _key() -> RSAKey:
    return RSAKey.generate_key(2048, {"use": "sig", "alg": ALGORITHM}, private=True, auto_kid=True)


def sign(claims: dict[str, Any]) -> str:
    """Return `claims` as a signed JWT, with the key's `kid` in its header."""
    return jwt.encode({"alg": ALGORITHM, "kid": _key().kid, "typ": "JWT"}, claims, _key())


def jwks() -> dict[str, Any]:
    """Return the public key as a key set (RFC 7517 5)."""
    return {"keys": [_key().as_dict(private=False)]}


def left_half_hash(token: str) -> str:
    """Return `at_hash`: the left half of the token's SHA-256 in base64url (OpenID Connect Core 3.1.3.6)."""
    return base64.urlsafe_b64encode(sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()
