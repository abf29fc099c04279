"""Xero's rate limits, per tenant and app, in fixed windows. Each tenant's windows start at a different moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from threading import Lock
from typing import Literal

from sandbox.clock import Clock
from sandbox.generator.seeded import stable_hash

MINUTE, DAY = 60, 86_400
Problem = Literal["minute", "day", "concurrent", "appminute"]


@dataclass(frozen=True)
class RateLimits:
    """How many calls are allowed (Xero, "API limits"). 0 switches a limit off and omits its header."""

    concurrent: int = 5
    minute: int = 60
    day: int = 5_000
    app_minute: int = 10_000


def window(now: datetime, length: int, salt: str) -> tuple[float, float]:
    """Return the start and end (POSIX seconds) of the window of `length` seconds around `now`.

    `salt`, a tenant or app id, decides at which moment windows start.
    """
    offset = stable_hash("window", length, salt) % length
    began = (now.timestamp() - offset) // length * length + offset
    return began, began + length


@dataclass
class _Window:
    length: int
    salt: str
    began: float = 0.0
    count: int = 0

    def used(self, now: datetime) -> int:
        began, _ = window(now, self.length, self.salt)
        if began != self.began:
            self.began, self.count = began, 0
        return self.count

    def seconds_left(self, now: datetime) -> int:
        _, end = window(now, self.length, self.salt)
        return max(ceil(end - now.timestamp()), 1)


@dataclass
class _TenantUsage:
    minute: _Window
    day: _Window
    in_flight: int = 0


@dataclass(frozen=True)
class Refusal:
    """Why a call gets a 429. `retry_after` (seconds) is set for the minute and day limits only."""

    problem: Problem
    retry_after: int | None = None


@dataclass
class RateLimiter:
    """Counts the calls of each app in each tenant. `limits` may be replaced while the sandbox runs."""

    clock: Clock
    limits: RateLimits
    _tenants: dict[tuple[str, str], _TenantUsage] = field(default_factory=dict)
    _apps: dict[str, _Window] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def enter(self, client_id: str, tenant_id: str) -> Refusal | None:
        """Count a call in, or return why it is refused. A refused call is not counted and must not `leave`."""
        with self._lock:
            usage, app, now = self._usage(client_id, tenant_id), self._app(client_id), self.clock.now()
            refusal = self._refusal(usage, app, now)
            if refusal is None:
                usage.in_flight += 1
                for counted in (usage.minute, usage.day, app):
                    counted.used(now)
                    counted.count += 1
            return refusal

    def leave(self, client_id: str, tenant_id: str) -> None:
        """Count a call out, once its answer is sent."""
        with self._lock:
            self._usage(client_id, tenant_id).in_flight -= 1

    def headers(self, client_id: str, tenant_id: str) -> dict[str, str]:
        """Return the headers that tell how many calls remain."""
        with self._lock:
            usage, now, limits = self._usage(client_id, tenant_id), self.clock.now(), self.limits
            remaining = {
                "X-DayLimit-Remaining": (limits.day, usage.day),
                "X-MinLimit-Remaining": (limits.minute, usage.minute),
                "X-AppMinLimit-Remaining": (limits.app_minute, self._app(client_id)),
            }
            return {name: str(max(limit - spent.used(now), 0)) for name, (limit, spent) in remaining.items() if limit}

    def seconds_left(self, client_id: str, tenant_id: str, problem: Problem) -> int | None:
        """Return the seconds until the window of that limit ends; None where Xero sends no `Retry-After`."""
        with self._lock:
            usage, now = self._usage(client_id, tenant_id), self.clock.now()
            windows = {"minute": usage.minute, "day": usage.day}
            return windows[problem].seconds_left(now) if problem in windows else None

    def reset(self) -> None:
        """Give every tenant its whole allowance again."""
        with self._lock:
            self._apps.clear()
            for usage in self._tenants.values():
                usage.minute.count = usage.day.count = 0

    def _refusal(self, usage: _TenantUsage, app: _Window, now: datetime) -> Refusal | None:
        limits = self.limits
        if limits.day and usage.day.used(now) >= limits.day:
            return Refusal("day", usage.day.seconds_left(now))
        if limits.minute and usage.minute.used(now) >= limits.minute:
            return Refusal("minute", usage.minute.seconds_left(now))
        if limits.app_minute and app.used(now) >= limits.app_minute:
            return Refusal("appminute")
        if limits.concurrent and usage.in_flight >= limits.concurrent:
            return Refusal("concurrent")
        return None

    def _usage(self, client_id: str, tenant_id: str) -> _TenantUsage:
        return self._tenants.setdefault(
            (client_id, tenant_id), _TenantUsage(_Window(MINUTE, tenant_id), _Window(DAY, tenant_id))
        )

    def _app(self, client_id: str) -> _Window:
        return self._apps.setdefault(client_id, _Window(MINUTE, client_id))
