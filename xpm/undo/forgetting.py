"""Forgets history, edits that are over, and dry-run files that are older than `XPM_HISTORY_DAYS`."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from xpm.integration import Integration
from xpm.store.push import calls, edits
from xpm.store.records import history
from xpm.xero.http.date import ask_time

log = logging.getLogger(__name__)


def sure_time(integration: Integration) -> datetime | None:
    """The time by which to delete what is old: the earlier of our clock's and Xero's. None if Xero does not tell.

    What is deleted cannot be had back, so no single clock decides: one that is set wrong for a moment would delete
    everything. What is kept too long is deleted later.
    """
    xeros = ask_time(integration.http, integration.app.jwks_url)
    return None if xeros is None else min(xeros, integration.clock())


def kept_since(integration: Integration, now: datetime | None = None) -> datetime:
    """The moment before which history is forgotten."""
    return (now or integration.clock()) - timedelta(days=integration.settings.xpm_history_days)


def forget_old_history(integration: Integration, now: datetime) -> int:
    """Forget all changes that are too old, and return how many. `now` is a `sure_time`.

    Each batch is a transaction of its own, so that syncs get their turn in between. If there is nothing to forget, this
    costs one read of the oldest few.
    """
    before, forgotten = kept_since(integration, now), 0
    while count := _forget_batch(integration, before):
        forgotten += count
    return forgotten


def forget_old_edits(integration: Integration, now: datetime) -> int:
    """Forget the edits that ended too long ago, with the calls that sent them, and return how many edits."""
    before, forgotten = kept_since(integration, now), 0
    while True:
        with integration.database.write() as session:
            count = edits.forget(session, before, history.BATCH)
            if not count:
                calls.forget(session, before)
                return forgotten
        forgotten += count


def forget_old_dry_runs(integration: Integration, now: datetime) -> int:
    """Remove the dry-run files (`XPM_DRY_RUNS`) that are too old, since they hold people's data; return how many.

    Other files in that folder are left alone. A file that cannot be removed stays, with a warning.
    """
    before = kept_since(integration, now)
    old = [file for file, at in _dry_runs(integration.settings.xpm_dry_runs) if at < before]
    return sum(_removed(file) for file in old)


def _dry_runs(folder: Path) -> Iterator[tuple[Path, datetime]]:
    """The dry-run files, which are named after their flow runs, and when each was written."""
    for file in folder.glob("*.csv"):
        with suppress(ValueError, FileNotFoundError):  # not named after a flow run; or another watch removed it
            UUID(file.stem)
            yield file, datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _removed(file: Path) -> bool:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s is too old to keep, but cannot be removed: %s", file, error.strerror)
        return False
    return True


def _forget_batch(integration: Integration, before: datetime) -> int:
    with integration.database.write() as session:
        return history.forget(session, before)
