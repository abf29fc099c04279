"""Guards the switch *Sync Custom Fields From XPM*, which decides whose custom fields win.

Off means that custom fields are kept in FYI and sent to XPM (FYI: "Resetting your connection …", step 4). So FYI has to
have read all of XPM's values once before, or stale ones would win.
"""

from collections.abc import Mapping

from sqlmodel import Session

from xpm.entities.custom_fields import VALUES
from xpm.store import practices
from xpm.store.consent import connections
from xpm.store.pull import comparisons
from xpm.store.push import edits
from xpm.store.push.protection import OF_CUSTOM_FIELDS
from xpm.store.records.rows import Scope
from xpm.words import Message, message, stop

SWITCH = "sync_custom_fields"


def check_switches(session: Session, practice: str, changes: Mapping[str, bool]) -> Message | None:
    """Say what a person has to know before these settings are changed; `None` if nothing. Call it before the change.

    Raises Stopped if the switch may not be turned Off yet.
    """
    tenant_id = connections.get(session, practice).tenant_id
    wanted, is_on = changes.get(SWITCH), practices.settings_of(session, practice).sync_custom_fields
    if wanted in (None, is_on) or tenant_id is None:
        return None
    scope = Scope(practice, tenant_id)
    if not wanted:
        _require_compared(session, scope)
        return None
    waiting = edits.count_open(session, scope, OF_CUSTOM_FIELDS)
    return message("push.values_wait", count=waiting) if waiting else None


def _require_compared(session: Session, scope: Scope) -> None:
    never = sum(
        comparisons.count_never_compared(session, values.owners, scope, kind) for kind, values in VALUES.items()
    )
    if never:
        raise stop("push.not_compared", count=never)
