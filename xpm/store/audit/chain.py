"""How the lines of the audit trail are linked and signed, so that no change stays hidden (OWASP ASVS 5.0, 16.4.2).

The hash of a line is the SHA-256 of its columns and of the hash before it, so each line stands for all before it. Each
hash, and the head, are signed with an HMAC under a key that is derived from the encryption key: whoever has only the
database cannot make either. After `fyi-xpm keys rotate` new lines are signed with the new key. Older lines then need no
key of their own, since the first new signature stands for them as well.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from xpm.store.consent.vault import Signature, Vault
from xpm.store.errors import UnknownKey
from xpm.store.tables import AuditEntry, AuditHead

PURPOSE = "audit trail"
BEGINNING = "0" * 64
"""The hash before the first line."""

HASHED = tuple(name for name in AuditEntry.model_fields if name not in {"hash", "signature"})
HEADED = ("anchor_id", "anchor_hash", "last_id", "last_hash")


def hash_of(entry: AuditEntry) -> str:
    """The hash of a line, from its columns as they are now."""
    return sha256(_written("line", {name: getattr(entry, name) for name in HASHED})).hexdigest()


def seal(vault: Vault, entry: AuditEntry) -> None:
    """Give a new line its hash and signature."""
    entry.key_id = vault.newest_id
    entry.hash = hash_of(entry)
    entry.signature = vault.sign(entry.hash.encode(), PURPOSE).digits


def seal_head(vault: Vault, head: AuditHead) -> None:
    """Sign the head as it is now."""
    signature = vault.sign(_head(head), PURPOSE)
    head.key_id, head.signature = signature.key_id, signature.digits


def is_genuine(vault: Vault, entry: AuditEntry) -> bool | None:
    """Whether the hash of a line was signed with a key of ours; None if that key is no longer configured."""
    return _is_signed(vault, str(entry.hash).encode(), entry)


def is_genuine_head(vault: Vault, head: AuditHead) -> bool | None:
    """Whether the head was signed with a key of ours; None if that key is not configured."""
    return _is_signed(vault, _head(head), head)


def _is_signed(vault: Vault, content: bytes, signed: AuditEntry | AuditHead) -> bool | None:
    try:
        return vault.is_signed(content, PURPOSE, Signature(signed.key_id, signed.signature))
    except UnknownKey:
        return None


def _head(head: AuditHead) -> bytes:
    return _written("head", {name: getattr(head, name) for name in HEADED})


def _written(kind: str, values: Mapping[str, object]) -> bytes:
    """Write values in the one way in which they are hashed: JSON with sorted names, in ASCII, without spaces."""
    text = json.dumps([f"fyi-xpm audit {kind} 1", values], sort_keys=True, separators=(",", ":"), default=_plain)
    return text.encode("ascii")


def _plain(value: object) -> str:
    """A moment in UTC to the microsecond. Anything else cannot be ours, and only has to differ from what is."""
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else repr(value)
