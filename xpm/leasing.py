"""Takes leases, waits for whoever holds them, and gives signs of life while they are held.

A waiter counts its own waiting and reads no clock, so that no clock, wrong or set while it waits, keeps it out or lets
it take a lease away from somebody alive.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from xpm.installation import Installation
from xpm.integration import Integration
from xpm.pulse import Pulse
from xpm.store import leases
from xpm.store.errors import DatabaseUnavailable
from xpm.store.leases import Held, Lease

log = logging.getLogger(__name__)


class StillHeld(Exception):
    """Somebody alive held the lease for as long as the waiter was ready to wait."""

    def __init__(self, held: Held) -> None:
        super().__init__(f"{held.name} is still held")
        self.held = held


def nobody_knows(_holder: str) -> bool:
    """What a waiter knows of a holder that nothing else is known of: not whether it is over."""
    return False


class Waiter:
    """Asks for a lease until it is free, or its holder is dead.

    A holder is dead if `is_over` says so, or without a sign of life for as long as `leases.DEAD_AFTER` of waiting.
    """

    def __init__(
        self,
        integration: Integration,
        name: str,
        holder: str,
        *,
        patience: float,
        look_every: float = 5.0,
        is_over: Callable[[str], bool] = nobody_knows,
    ) -> None:
        """Prepare to wait for up to `patience` seconds, with a look every `look_every` seconds."""
        self._integration = integration
        self._name = name
        self._holder = holder
        self._patience = patience
        self._look_every = look_every
        self._is_over = is_over
        self._waited = 0.0
        self._silent = 0.0  # seconds of waiting without a sign of life
        self.held: Held | None = None
        """Who held the lease at the last look."""

    def ask(self) -> Lease | None:
        """Take the lease, or note who holds it and return None."""
        dead = self.held if self.held and self._is_dead(self.held) else None
        with self._integration.database.write() as session:
            now = self._integration.shared_time(session)
            found = leases.acquire(session, self._name, self._holder, now, instead_of=dead)
        if isinstance(found, Lease):
            return found
        if found != self.held:
            self.held, self._silent = found, 0.0
        return None

    def wait(self) -> None:
        """Wait until the next look. Raises StillHeld once patience has run out."""
        if self.held and self._waited >= self._patience:
            raise StillHeld(self.held)
        self._integration.sleep(self._look_every)
        self._waited += self._look_every
        self._silent += self._look_every

    def _is_dead(self, held: Held) -> bool:
        return self._silent >= leases.DEAD_AFTER.total_seconds() or self._is_over(held.holder)


@contextmanager
def holding(installation: Installation, lease: Lease, *, every: timedelta = leases.SIGN_OF_LIFE) -> Iterator[None]:
    """Give signs of life for the lease while the block runs, then release it."""
    pulse = Pulse(lambda: _sign(installation, lease), every.total_seconds())
    try:
        with pulse.beating(lease.name):
            yield
    finally:
        pulse.end()
        _release(installation, lease)


def _sign(installation: Installation, lease: Lease) -> None:
    with installation.database.write_hastily() as session:
        leases.renew(session, lease, installation.shared_time(session))


def _release(installation: Installation, lease: Lease) -> None:
    try:
        with installation.database.write() as session:
            leases.release(session, lease)
    except (SQLAlchemyError, DatabaseUnavailable) as error:  # must not hide how the block ended
        seconds = leases.DEAD_AFTER.total_seconds()
        log.warning("Whoever needs %s next waits %.0f seconds for it: %s", lease.name, seconds, type(error).__name__)
