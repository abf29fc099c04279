"""A small identity server for attacks: it signs any claims with any key."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.xero.fakes import APP, START

GOOD_KEY = RSAKey.generate_key(2048, {"kid": "key-1"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "key-1"})
NEW_KEY = RSAKey.generate_key(2048, {"kid": "key-2"})
SYMMETRIC_KEY = OctKey.import_key("app-secret-value-that-is-long-enough", {"kid": "key-1"})
ACCESS_CLAIMS = {"scope": ["openid", "practicemanager"], "authentication_event_id": "event-1"}


def access_token() -> str:
    return jwt.encode({"alg": "RS256", "kid": "key-1"}, dict(ACCESS_CLAIMS), GOOD_KEY)


def half_hash(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()


def id_claims(nonce: str, token: str) -> dict[str, object]:
    now = int(START.timestamp())
    return {
        "iss": APP.issuer,
        "aud": APP.client_id,
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        "sub": "subject",
        "nonce": nonce,
        "at_hash": half_hash(token),
        "xero_userid": "user-1",
        "email": "mere.tane@harbourvale.example",
        "given_name": "Mere",
        "family_name": "Tāne",
    }


@dataclass
class IdentityServer:
    """Answers the token endpoint and the key set. `spoil` replaces claims of the id_token; None removes one."""

    nonce: str = ""
    spoil: dict[str, object] = field(default_factory=dict)
    key: RSAKey | OctKey = field(default_factory=lambda: GOOD_KEY)
    algorithm: str = "RS256"
    published: list[RSAKey] = field(default_factory=lambda: [GOOD_KEY])
    beside: list[object] = field(default_factory=list)
    """Published before these keys, whatever it is."""
    date: datetime | None = None
    """The `Date` of the answer with the tokens, if it has one."""
    answer: httpx.Response | Exception | None = None
    keys_answer: httpx.Response | Exception | None = None
    forms: list[dict[str, str]] = field(default_factory=list)
    headers: list[httpx.Headers] = field(default_factory=list)
    key_fetches: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url == APP.jwks_url:
            self.key_fetches += 1
            keys = {"keys": self.beside + [key.as_dict(private=False) for key in self.published]}
            return self._said(self.keys_answer) or httpx.Response(200, json=keys)
        self.forms.append({name: values[0] for name, values in parse_qs(request.content.decode()).items()})
        self.headers.append(request.headers)
        headers = {"Date": format_datetime(self.date, usegmt=True)} if self.date else {}
        return self._said(self.answer) or httpx.Response(200, json=self.tokens(), headers=headers)

    def tokens(self) -> dict[str, object]:
        token = access_token()
        claims = {
            name: value for name, value in (id_claims(self.nonce, token) | self.spoil).items() if value is not None
        }
        header = {"alg": self.algorithm, "kid": str(self.key.kid)}
        return {
            "access_token": token,
            "refresh_token": "refresh-token-value",
            "id_token": jwt.encode(header, claims, self.key, algorithms=[self.algorithm]),
            "expires_in": 1800,
            "token_type": "Bearer",
        }

    @staticmethod
    def _said(answer: httpx.Response | Exception | None) -> httpx.Response | None:
        if isinstance(answer, Exception):
            raise answer
        return answer


def unsigned(claims: dict[str, object]) -> str:
    """Build an id_token with the algorithm "none" (RFC 7519 6)."""
    parts = ({"alg": "none"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, ""])


EXPIRES_AT = START + timedelta(minutes=30)
