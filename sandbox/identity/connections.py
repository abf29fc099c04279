"""The connections: which tenants each person has connected to each app."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from uuid import uuid4

from sandbox.clock import Clock

PRACTICE = "PRACTICEMANAGER"
ORGANISATION = "ORGANISATION"


@dataclass
class XeroConnection:
    """One tenant that one person has connected to one app."""

    connection_id: str
    email: str
    client_id: str
    tenant_id: str
    tenant_type: str
    event_id: str | None
    created: datetime
    updated: datetime


@dataclass
class Connections:
    """All connections in the world.

    `keeps_event`: a renewed connection keeps the event of its first consent, as reported in XeroAPI/xero-php-oauth2#18.
    """

    clock: Clock
    keeps_event: bool = False
    _all: list[XeroConnection] = field(default_factory=list)
    _lock: RLock = field(default_factory=RLock, repr=False)

    def connect(self, email: str, client_id: str, tenant_id: str, tenant_type: str, event_id: str) -> XeroConnection:
        """Add a connection, or renew it: a renewed one keeps its id and creation time, and gets the new event."""
        with self._lock:
            now = self.clock.now()
            known = self.between(email, client_id, tenant_id)
            if known is None:
                known = XeroConnection(str(uuid4()), email, client_id, tenant_id, tenant_type, event_id, now, now)
                self._all.append(known)
            known.updated = now
            if not self.keeps_event:
                known.event_id = event_id
            return known

    def between(self, email: str, client_id: str, tenant_id: str) -> XeroConnection | None:
        """Return the connection of that person, app and tenant, if any."""
        return next((found for found in self.of(email, client_id) if found.tenant_id == tenant_id), None)

    def of(self, email: str, client_id: str) -> list[XeroConnection]:
        """Return what this person has connected to this app."""
        return self.where(lambda known: known.email == email and known.client_id == client_id)

    def where(self, wanted: Callable[[XeroConnection], bool] = lambda _: True) -> list[XeroConnection]:
        """Return the connections that pass `wanted` (all by default), oldest first."""
        with self._lock:
            return [known for known in self._all if wanted(known)]

    def remove(self, unwanted: Callable[[XeroConnection], bool]) -> int:
        """Remove the connections that pass `unwanted` and return their number."""
        with self._lock:
            kept = [known for known in self._all if not unwanted(known)]
            removed = len(self._all) - len(kept)
            self._all = kept
            return removed
