"""Forgetting history that is older than an installation keeps (`XPM_HISTORY_DAYS`)."""

from datetime import datetime, timedelta

from xpm.connection.integration import Integration
from xpm.store import history


def kept_since(integration: Integration) -> datetime:
    """The moment before which history is forgotten."""
    return integration.clock() - timedelta(days=integration.settings.xpm_history_days)


def forget_old_history(integration: Integration) -> int:
    """Forget all changes that are too old, and tell how many.

    Each batch is a transaction of its own, so that syncs get their turn in between; with nothing to forget it is one
    read of the oldest few.
    """
    before, forgotten = kept_since(integration), 0
    while count := _forget_batch(integration, before):
        forgotten += count
    return forgotten


def _forget_batch(integration: Integration, before: datetime) -> int:
    with integration.database.write() as session:
        return history.forget(session, before)
