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
    """One reason to look, with the first of its records."""

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
    return [
        Finding(message(f"attention.{reason}", count=one.count, practice=slug), one) for reason, one in found.items()
    ]
