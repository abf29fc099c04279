"""Xero's rate limits, per tenant and app, in fixed windows that begin at a different moment for each tenant."""

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
class Limits:
    """How much is allowed (Xero, "API limits"); 0 switches a limit off and leaves its header out."""

    concurrent: int = 5
    minute: int = 60
    day: int = 5_000
    app_minute: int = 10_000


def window(now: datetime, length: int, salt: str) -> tuple[float, float]:
    """Beginning and end (POSIX seconds) of the fixed window of `length` seconds around `now`, for whom `salt` names."""
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
class _Account:
    minute: _Window
    day: _Window
    in_flight: int = 0


@dataclass(frozen=True)
class Refusal:
    """Why a call is answered with 429, and after how many seconds to come back (minute and day only)."""

    problem: Problem
    retry_after: int | None = None


@dataclass
class RateLimiter:
    """Counts what each app does in each tenant. `limits` may be exchanged while the sandbox runs."""

    clock: Clock
    limits: Limits
    _accounts: dict[tuple[str, str], _Account] = field(default_factory=dict)
    _apps: dict[str, _Window] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def enter(self, client_id: str, tenant_id: str) -> Refusal | None:
        """Count a call in, or say why not. A call that was refused is not counted and must not `leave`."""
        with self._lock:
            account, app, now = self._account(client_id, tenant_id), self._app(client_id), self.clock.now()
            refusal = self._refusal(account, app, now)
            if refusal is None:
                account.in_flight += 1
                for counted in (account.minute, account.day, app):
                    counted.used(now)
                    counted.count += 1
            return refusal

    def leave(self, client_id: str, tenant_id: str) -> None:
        """The call's answer has been sent."""
        with self._lock:
            self._account(client_id, tenant_id).in_flight -= 1

    def headers(self, client_id: str, tenant_id: str) -> dict[str, str]:
        """What remains, as Xero writes it on its answers."""
        with self._lock:
            account, now, limits = self._account(client_id, tenant_id), self.clock.now(), self.limits
            remaining = {
                "X-DayLimit-Remaining": (limits.day, account.day),
                "X-MinLimit-Remaining": (limits.minute, account.minute),
                "X-AppMinLimit-Remaining": (limits.app_minute, self._app(client_id)),
            }
            return {name: str(max(limit - spent.used(now), 0)) for name, (limit, spent) in remaining.items() if limit}

    def seconds_left(self, client_id: str, tenant_id: str, problem: Problem) -> int | None:
        """Seconds until the window of that problem ends; None where Xero sends no `Retry-After`."""
        with self._lock:
            account, now = self._account(client_id, tenant_id), self.clock.now()
            windows = {"minute": account.minute, "day": account.day}
            return windows[problem].seconds_left(now) if problem in windows else None

    def forget(self) -> None:
        """Give every tenant its whole allowance again."""
        with self._lock:
            self._apps.clear()
            for account in self._accounts.values():
                account.minute.count = account.day.count = 0

    def _refusal(self, account: _Account, app: _Window, now: datetime) -> Refusal | None:
        limits = self.limits
        if limits.day and account.day.used(now) >= limits.day:
            return Refusal("day", account.day.seconds_left(now))
        if limits.minute and account.minute.used(now) >= limits.minute:
            return Refusal("minute", account.minute.seconds_left(now))
        if limits.app_minute and app.used(now) >= limits.app_minute:
            return Refusal("appminute")
        if limits.concurrent and account.in_flight >= limits.concurrent:
            return Refusal("concurrent")
        return None

    def _account(self, client_id: str, tenant_id: str) -> _Account:
        return self._accounts.setdefault(
            (client_id, tenant_id), _Account(_Window(MINUTE, tenant_id), _Window(DAY, tenant_id))
        )

    def _app(self, client_id: str) -> _Window:
        return self._apps.setdefault(client_id, _Window(MINUTE, client_id))
