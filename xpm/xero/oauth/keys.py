"""Xero's signing keys (JSON Web Key Set, RFC 7517 §5)."""

import base64
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import islice

import httpx
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, RSAKey
from pydantic import SecretStr
from pydantic_core import from_json

from xpm.xero.app import OAuthApp
from xpm.xero.clock import Clock
from xpm.xero.errors import UnreadableAnswer, XeroUnavailable
from xpm.xero.tokens import UNREADABLE

SHORTEST_KEY = 2048
"""Bits of a modulus; RFC 7518 §3.3 requires at least that many for RS256."""

LONGEST_KEY = 8192
"""Bits of a modulus. One check with a longer key takes so long that it could be used to keep us busy."""

LONGEST_EXPONENT = 64
"""Bits of a public exponent, for the same reason. OpenSSL has the same bound; 65537 takes 17."""

MOST_KEYS = 50
"""Keys of a set that are looked at. Xero publishes a handful."""

_KEYS_LAST = timedelta(hours=1)  # Xero's firewall has blocked clients that fetch them more often
_TIMEOUT = httpx.Timeout(10.0)  # seconds
_LABEL = "oauth.jwks"


class SigningKeys:
    """Caches the keys for an hour. An unknown key makes it fetch them again, since Xero rotates keys."""

    def __init__(self, http: httpx.Client, app: OAuthApp, clock: Clock) -> None:
        self._http = http
        self._url = app.jwks_url
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: KeySet | None = None
        self._fetched_at: datetime | None = None

    def current(self) -> KeySet:
        """Return the keys, at most an hour old. Raises `XeroUnavailable` or `UnreadableAnswer`."""
        with self._lock:
            if self._keys is None or self._fetched_at is None or self._clock() - self._fetched_at >= _KEYS_LAST:
                self._renew()
            return self._known()

    def for_token(self, token: SecretStr) -> KeySet:
        """Return the keys to verify `token`; fetch them again if its key (`kid`, RFC 7515 §4.1.4) is missing."""
        keys = self.current()
        kid = _kid_of(token)
        if kid is None or any(key.kid == kid for key in keys.keys):
            return keys
        with self._lock:
            self._renew()
            return self._known()

    def _known(self) -> KeySet:
        return self._keys or KeySet([])

    def _renew(self) -> None:
        self._keys = self._fetched()
        self._fetched_at = self._clock()

    def _fetched(self) -> KeySet:
        try:
            response = self._http.get(self._url, timeout=_TIMEOUT, auth=None)
        except httpx.RequestError as error:
            message = f"Xero's signing keys cannot be fetched ({type(error).__name__})."
            raise XeroUnavailable(message, endpoint=_LABEL) from None
        status = response.status_code
        if status != HTTPStatus.OK:
            raise XeroUnavailable(f"Xero does not return its signing keys (status {status}).", endpoint=_LABEL)
        usable: list[Key] = [*_usable_keys(response.content)]
        if not usable:
            raise UnreadableAnswer("Xero's answer has no signing key that can be used.", endpoint=_LABEL)
        return KeySet(usable)


def _usable_keys(content: bytes) -> Iterator[RSAKey]:
    """Yield the keys that can verify RS256. Others are ignored, whatever is wrong with them (RFC 7517 §5)."""
    try:
        published = from_json(content)
    except ValueError:
        return
    keys = published.get("keys") if isinstance(published, Mapping) else None
    for key in islice(keys, MOST_KEYS) if isinstance(keys, list) else ():
        if isinstance(key, Mapping) and _is_for_us(key) and (read := _read(key)):
            yield read


def _is_for_us(key: Mapping[str, object]) -> bool:
    """Whether the key says that it signs with RS256, as far as it says anything (RFC 7517 §4.2 to §4.4)."""
    operations = key.get("key_ops")
    return (
        key.get("kty") == "RSA"
        and key.get("use", "sig") == "sig"
        and key.get("alg", "RS256") == "RS256"
        and isinstance(key.get("kid", ""), str)
        and (operations is None or (isinstance(operations, list) and "verify" in operations))
    )


def _read(key: Mapping[str, object]) -> RSAKey | None:
    """Return the key without its private parts, if any; None if it is broken, too weak, or too costly to use."""
    public: dict[str, str | list[str]]
    public = {name: value for name, value in key.items() if name in ("kty", "n", "e", "kid") and isinstance(value, str)}
    if not (SHORTEST_KEY <= _bits(public.get("n")) <= LONGEST_KEY and _bits(public.get("e")) <= LONGEST_EXPONENT):
        return None
    try:
        return RSAKey.import_key(public)
    except (JoseError, ValueError, KeyError, TypeError):
        return None


def _bits(number: object) -> int:
    """Return the length of a number in base64url (RFC 7518 §2, Base64urlUInt)."""
    try:
        decoded = base64.urlsafe_b64decode(f"{number}==") if isinstance(number, str) else b""
    except ValueError:
        return 0
    return int.from_bytes(decoded, "big").bit_length()


def _kid_of(token: SecretStr) -> str | None:
    try:
        kid = jws.extract_compact(token.get_secret_value().encode()).headers().get("kid")
    except UNREADABLE:
        return None
    return kid if isinstance(kid, str) else None
