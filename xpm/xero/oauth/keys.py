"""Xero's signing keys (JSON Web Key Set, RFC 7517 §5)."""

import threading
from datetime import datetime, timedelta
from http import HTTPStatus

import httpx
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from pydantic import SecretStr

from xpm.xero.app import OAuthApp
from xpm.xero.clock import Clock
from xpm.xero.errors import UnreadableAnswer, XeroUnavailable

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
        try:
            return KeySet([RSAKey.import_key(key) for key in response.json()["keys"] if key["kty"] == "RSA"])
        except (JoseError, ValueError, KeyError, TypeError):
            raise UnreadableAnswer("Xero's signing keys cannot be read.", endpoint=_LABEL) from None


def _kid_of(token: SecretStr) -> str | None:
    try:
        kid = jws.extract_compact(token.get_secret_value().encode()).headers().get("kid")
    except (JoseError, ValueError):
        return None
    return kid if isinstance(kid, str) else None
