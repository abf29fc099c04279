"""Seals secrets for storage with AES-256-GCM, and signs what must not be changed. Keys can be rotated.

A sealed secret is bound to its place. It is: version (1 byte), key id (8), nonce (12), and the ciphertext with its tag
(16). A signature is an HMAC under a key that is derived for one purpose.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from xpm.store.errors import NoKeys, SealBroken, UnknownKey

KEY_BYTES = 32
_VERSION = b"\x01"
_ID_BYTES = 8
_NONCE_BYTES = 12  # NIST SP 800-38D §5.2.1.1; random, safe for 2^32 seals under one key
_HEADER_BYTES = len(_VERSION) + _ID_BYTES


@dataclass(frozen=True, slots=True)
class Signature:
    """An HMAC-SHA-256 in hexadecimal digits, and which key made it."""

    key_id: str
    digits: str


class Vault:
    """Seals and signs with the newest key; opens and checks with any of its keys."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take keys in the form of `new_key`, newest first. Raises NoKeys."""
        if not keys:
            raise NoKeys("no encryption key is configured")
        decoded = [_decoded(key) for key in keys]
        self._ciphers = {_key_id(key): AESGCM(key) for key in decoded}
        self._newest = _key_id(decoded[0])
        self._keys = {_key_id(key): key for key in decoded}
        self._for_purposes: dict[tuple[bytes, str], bytes] = {}

    def __repr__(self) -> str:
        """Show the number of keys, never a key."""
        return f"<Vault of {len(self._ciphers)} keys>"

    @staticmethod
    def new_key() -> str:
        """Make a key: 32 random bytes as URL-safe base64."""
        return urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """Derive a key for another purpose from each key, newest first (HKDF, RFC 5869). None leads back to its key."""
        return tuple(self._for(key_id, purpose) for key_id in self._keys)

    def seal(self, text: str, place: str) -> bytes:
        """Seal a secret for one place, such as `consent/<id>/refresh_token`. It opens nowhere else."""
        header = _VERSION + self._newest
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return header + nonce + self._ciphers[self._newest].encrypt(nonce, text.encode(), _bound(header, place))

    def open(self, sealed: bytes, place: str) -> str:
        """Return the secret. Raises UnknownKey, or SealBroken if a byte or the place is different."""
        header, nonce, body = _parts(sealed)
        cipher = self._ciphers.get(header[len(_VERSION) :])
        if cipher is None:
            raise UnknownKey("sealed with a key that is not configured")
        try:
            return cipher.decrypt(nonce, body, _bound(header, place)).decode()
        except InvalidTag:
            raise SealBroken(f"the secret of {place} was changed or moved") from None

    def reseal(self, sealed: bytes, place: str) -> bytes:
        """Seal again, with the newest key."""
        return self.seal(self.open(sealed, place), place)

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the newest key sealed this. Raises SealBroken."""
        return _parts(sealed)[0] == _VERSION + self._newest

    def sign(self, content: bytes, purpose: str) -> Signature:
        """Sign with a key that is derived from the newest one for this purpose, such as `audit trail`."""
        return Signature(self.newest_id, self._mac(self._newest, content, purpose))

    def is_signed(self, content: bytes, purpose: str, signature: Signature) -> bool:
        """Whether this is the signature of that content. Raises UnknownKey."""
        key_id = next((known for known in self._keys if known.hex() == signature.key_id), None)
        if key_id is None:
            raise UnknownKey("signed with a key that is not configured")
        return hmac.compare_digest(self._mac(key_id, content, purpose).encode(), str(signature.digits).encode())

    @property
    def newest_id(self) -> str:
        """Which key signs now, in hexadecimal digits."""
        return self._newest.hex()

    def _mac(self, key_id: bytes, content: bytes, purpose: str) -> str:
        return hmac.digest(self._for(key_id, purpose), content, "sha256").hex()

    def _for(self, key_id: bytes, purpose: str) -> bytes:
        if (key_id, purpose) not in self._for_purposes:
            self._for_purposes[key_id, purpose] = _derived(self._keys[key_id], purpose)
        return self._for_purposes[key_id, purpose]


def _derived(key: bytes, purpose: str) -> bytes:
    """Derive a key that is of use for this purpose alone (RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"fyi-xpm {purpose}".encode()).derive(key)


def _decoded(key: str) -> bytes:
    try:
        decoded = urlsafe_b64decode(key.strip())
    except ValueError:
        raise NoKeys("an encryption key is not URL-safe base64") from None
    if len(decoded) != KEY_BYTES:
        raise NoKeys(f"an encryption key has {len(decoded)} bytes, not {KEY_BYTES}")
    return decoded


def _key_id(key: bytes) -> bytes:
    return sha256(b"xpm key id" + key).digest()[:_ID_BYTES]


def _bound(header: bytes, place: str) -> bytes:
    return header + place.encode()


def _parts(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    body_at = _HEADER_BYTES + _NONCE_BYTES
    if len(sealed) <= body_at or not sealed.startswith(_VERSION):
        raise SealBroken("this is not a sealed secret")
    return sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES:body_at], sealed[body_at:]
