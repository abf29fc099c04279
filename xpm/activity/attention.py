"""What an administrator should look at although every sync went well."""

from dataclasses import dataclass

from xpm.installation import Installation
from xpm.store import attention
from xpm.store.attention import Found
from xpm.store.consent import connections
from xpm.store.records.rows import Scope
from xpm.words import Message, message

FIRST = 20  # records named per reason


@dataclass(frozen=True)
class Finding:
    """One reason to look, with some of its records."""

    reason: str
    message: Message
    found: Found


def look(installation: Installation, slug: str) -> list[Finding]:
    """Find everything to look at in the records of the practice's account.

    Raises:
        Stopped: there is no such practice.
    """
    installation.practice(slug)
    with installation.database.read() as session:
        tenant_id = connections.get(session, slug).tenant_id
        if tenant_id is None:
            return []
        found = attention.look(session, Scope(slug, tenant_id), FIRST)
    return [_finding(slug, reason, one) for reason, one in found.items()]


def look_at(installation: Installation, slug: str, reason: str, *, limit: int, skip: int) -> Finding | None:
    """Find `limit` of the records to look at for one reason, after the first `skip`; None if there are none at all.

    Raises:
        Stopped: there is no such practice.
        KeyError: there is no such reason.
    """
    installation.practice(slug)
    with installation.database.read() as session:
        tenant_id = connections.get(session, slug).tenant_id
        scope = Scope(slug, tenant_id or "")
        found = attention.of_reason(session, scope, reason, limit, skip)
    return _finding(slug, reason, found) if found.count else None


def _finding(slug: str, reason: str, found: Found) -> Finding:
    return Finding(reason, message(f"attention.{reason}", count=found.count, practice=slug), found)
