"""The request log and the usage of each tenant. Tokens and codes are never logged."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from sandbox.clock import Clock
from sandbox.xpm.limits import MINUTE, window

KEPT_REQUESTS = 50_000
"""Enough for a long benchmark. The oldest requests are dropped."""


@dataclass(frozen=True)
class LoggedRequest:
    """One request. Of its query only the names are kept, since values may be secret."""

    number: int
    at: str
    area: str
    method: str
    path: str
    query_keys: list[str]
    tenant: str | None
    status: int | None
    """None if no answer was sent: a lost answer or a reset."""
    bytes_out: int
    milliseconds: float
    in_flight_at_start: int


@dataclass
class _Usage:
    calls: int = 0
    refused: int = 0
    bytes: int = 0
    in_flight: int = 0
    highest_in_flight: int = 0
    minute_began: float = 0.0
    calls_this_minute: int = 0
    highest_in_a_minute: int = 0


@dataclass
class RequestLog:
    """The requests to Xero's endpoints, newest last. The home page and control calls are not logged."""

    clock: Clock
    _seen: deque[LoggedRequest] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    _use: dict[str, _Usage] = field(default_factory=dict)
    _grants: Counter[str] = field(default_factory=Counter)
    _count: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def start(self, tenant: str | None) -> int:
        """Count a new call and return how many calls of the tenant are in flight, including this one."""
        if tenant is None:
            return 1
        with self._lock:
            use = self._use.setdefault(tenant, _Usage())
            use.calls += 1
            use.in_flight += 1
            use.highest_in_flight = max(use.highest_in_flight, use.in_flight)
            self._count_minute(use, tenant)
            return use.in_flight

    def _count_minute(self, use: _Usage, tenant: str) -> None:
        began, _ = window(self.clock.now(), MINUTE, tenant)
        if began != use.minute_began:
            use.minute_began, use.calls_this_minute = began, 0
        use.calls_this_minute += 1
        use.highest_in_a_minute = max(use.highest_in_a_minute, use.calls_this_minute)

    def finish(
        self,
        *,
        at: datetime,
        area: str,
        method: str,
        path: str,
        query_keys: list[str],
        tenant: str | None,
        status: int | None,
        bytes_out: int,
        milliseconds: float,
        in_flight: int,
    ) -> None:
        """Log a call that has ended, answered or not."""
        with self._lock:
            self._count += 1
            moment = at.isoformat(timespec="milliseconds")
            self._seen.append(
                LoggedRequest(
                    self._count,
                    moment,
                    area,
                    method,
                    path,
                    query_keys,
                    tenant,
                    status,
                    bytes_out,
                    milliseconds,
                    in_flight,
                )
            )
            if tenant is not None:
                use = self._use.setdefault(tenant, _Usage())
                use.in_flight -= 1
                use.bytes += bytes_out
                use.refused += status == 429  # noqa: PLR2004 - Too Many Requests

    def count_token_request(self, grant: str) -> None:
        """Count a token request by its `grant_type`."""
        with self._lock:
            self._grants[grant or "(none)"] += 1

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the requests numbered above `since`."""
        with self._lock:
            return [asdict(seen) for seen in self._seen if seen.number > since]

    def clear(self) -> None:
        """Clear the log and the usage. Calls in flight stay counted."""
        with self._lock:
            self._seen.clear()
            self._grants.clear()
            self._use = {
                tenant: _Usage(in_flight=use.in_flight, highest_in_flight=use.in_flight)
                for tenant, use in self._use.items()
            }

    def usage(self) -> dict[str, Any]:
        """Return the usage of each tenant, and the token requests by grant."""
        with self._lock:
            return {
                "tenants": {tenant: self._shown(tenant, use) for tenant, use in self._use.items()},
                "token_requests": dict(self._grants),
            }

    def _shown(self, tenant: str, use: _Usage) -> dict[str, Any]:
        began, _ = window(self.clock.now(), MINUTE, tenant)
        shown = asdict(use)
        del shown["minute_began"]
        return shown | {"calls_this_minute": use.calls_this_minute if began == use.minute_began else 0}
