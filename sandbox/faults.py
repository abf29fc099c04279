"""Faults on order: what should go wrong, where, how often. `delivery` carries them out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import count
from threading import Lock
from typing import Any, Literal, get_args

from starlette.types import Scope

from sandbox.xpm.limits import Problem

Area = Literal["authorize", "token", "revocation", "jwks", "connections", "xpm", "tax"]
Kind = Literal[
    "status", "lost_answer", "reset", "truncate", "drip", "token_expired", "unauthorized", "forbidden", "limit",
    "maintenance", "error_body", "no_container", "garbage", "bad_record", "empty_list", "duplicate", "mislabel",
    "new_element",
]  # fmt: skip
AREAS: frozenset[str] = frozenset(get_args(Area))
KINDS: frozenset[str] = frozenset(get_args(Kind))
BODY_FAULTS = frozenset({"error_body", "no_container", "bad_record", "empty_list", "duplicate", "new_element"})
"""Kinds that the end-point itself carries out, because they change what it writes."""
_BODY_AREAS = {"empty_list": {"xpm", "tax", "connections"}}
_DETAILS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "status": {"status": int, "body": str, "headers": dict},
    "truncate": {"at_bytes": int, "fraction": (int, float)},
    "drip": {"bytes": int, "delay": (int, float)},
    "limit": {"problem": str, "retry_after": int},
    "error_body": {"description": str},
    "bad_record": {"nth": int, "what": str},
    "mislabel": {"content_type": str},
    "new_element": {"tag": str},
}
SCOPE_KEY = "sandbox.fault"


@dataclass
class Fault:
    """One order.

    Attributes:
        path: prefix of the path under the area ("job.api/list"), letter case aside; empty matches all.
        tenant: only calls for this tenant; None matches all.
        times: how often it strikes; 0 means until cleared.
        after: how many matching calls pass unharmed first.
        details: what the kind needs, e.g. `{"status": 500, "body": "…"}` or `{"problem": "day", "retry_after": 40000}`.
    """

    area: str
    kind: str
    path: str = ""
    tenant: str | None = None
    times: int = 1
    after: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    id: int = 0
    seen: int = 0
    struck: int = 0

    @property
    def spent(self) -> bool:
        """Whether it has struck as often as ordered."""
        return bool(self.times) and self.struck >= self.times

    def matches(self, area: str, path: str, tenant: str | None) -> bool:
        """Whether that call is one it was ordered for."""
        return (
            area == self.area
            and path.lower().startswith(self.path.strip("/").lower())
            and self.tenant in {None, tenant}
            and not self.spent
        )

    def shown(self) -> dict[str, Any]:
        """The order and how far it has got."""
        flat = asdict(self)
        return {**flat, **flat.pop("details"), "spent": self.spent}


class BadFault(ValueError):
    """An order that makes no sense; its text says why."""


def fault_from(asked: dict[str, Any]) -> Fault:
    """Read an order as the control API takes it: the kind's details lie flat beside the rest.

    Raises:
        BadFault: unknown area, kind or detail, or one of the wrong type.
    """
    kind, area = asked.get("kind"), asked.get("area")
    if area not in AREAS:
        raise BadFault(f"area must be one of {', '.join(sorted(AREAS))}")
    if kind not in KINDS:
        raise BadFault(f"kind must be one of {', '.join(sorted(KINDS))}")
    if kind in BODY_FAULTS and area not in _BODY_AREAS.get(kind, {"xpm", "tax"}):
        raise BadFault(f"{kind} changes what a list holds, which {area} has not")
    common: dict[str, type | tuple[type, ...]] = {
        "area": str,
        "kind": str,
        "path": str,
        "tenant": (str, type(None)),
        "times": int,
        "after": int,
    }
    known = common | _DETAILS.get(kind, {})
    for name, value in asked.items():
        if name not in known:
            raise BadFault(f"{kind} does not take {name}")
        if not isinstance(value, known[name]) or isinstance(value, bool):
            raise BadFault(f"{name} is of the wrong type")
    details = {name: value for name, value in asked.items() if name not in common}
    if details.get("problem", "minute") not in get_args(Problem):
        raise BadFault(f"problem must be one of {', '.join(get_args(Problem))}")
    return Fault(**{name: value for name, value in asked.items() if name in common}, details=details)


@dataclass
class FaultRegistry:
    """All orders, oldest first; the first one that meets a call strikes."""

    _faults: list[Fault] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _lock: Lock = field(default_factory=Lock, repr=False)

    def inject(self, fault: Fault) -> Fault:
        """Put an order in the book."""
        with self._lock:
            fault.id = next(self._numbers)
            self._faults.append(fault)
            return fault

    def next_for(self, area: str, path: str, tenant: str | None) -> Fault | None:
        """The fault this call meets, if any; counts it."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(area, path, tenant):
                    fault.seen += 1
                    if fault.seen > fault.after:
                        fault.struck += 1
                        return fault
            return None

    def all(self) -> list[Fault]:
        """Every order, also the spent ones."""
        with self._lock:
            return list(self._faults)

    def clear(self, fault_id: int | None = None) -> int:
        """Take one order or all out of the book; returns how many went."""
        with self._lock:
            kept = [fault for fault in self._faults if fault_id is not None and fault.id != fault_id]
            gone = len(self._faults) - len(kept)
            self._faults = kept
            return gone


def fault_of(scope: Scope) -> Fault | None:
    """The fault that the end-point itself has to carry out on this call."""
    fault: Fault | None = scope.get(SCOPE_KEY)
    return fault
