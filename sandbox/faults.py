"""The faults to inject: what goes wrong, in which calls, and how often. `fault_middleware` applies them."""

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
    "new_element", "damage",
]  # fmt: skip
AREAS: frozenset[str] = frozenset(get_args(Area))
KINDS: frozenset[str] = frozenset(get_args(Kind))
BODY_FAULTS = frozenset(
    {"error_body", "no_container", "bad_record", "empty_list", "duplicate", "new_element", "damage"}
)
"""The kinds that change the body. The endpoint applies them itself."""
_BODY_AREAS = {"empty_list": {"xpm", "tax", "connections"}, "damage": {"xpm"}}
_DETAILS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "status": {"status": int, "body": str, "headers": dict},
    "truncate": {"at_bytes": int, "fraction": (int, float)},
    "drip": {"bytes": int, "delay": (int, float)},
    "limit": {"problem": str, "retry_after": int},
    "error_body": {"description": str},
    "bad_record": {"nth": int, "what": str},
    "mislabel": {"content_type": str},
    "new_element": {"tag": str},
    "damage": {"nth": int, "at": int, "by": str},
}
SCOPE_KEY = "sandbox.fault"


@dataclass
class Fault:
    """One injected fault.

    Attributes:
        path: prefix of the path below the area ("job.api/list"), ignoring case; empty matches every path.
        tenant: only calls for this tenant; None matches every call.
        times: how many calls it hits; 0 means until cleared.
        after: how many matching calls it lets through first.
        details: what the kind needs, e.g. `{"status": 500, "body": "…"}` or `{"problem": "day", "retry_after": 40000}`
            (seconds).
        seen: how many calls it has matched.
        struck: how many calls it has hit.
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
        """Whether it has hit as many calls as it should."""
        return bool(self.times) and self.struck >= self.times

    def matches(self, area: str, path: str, tenant: str | None) -> bool:
        """Whether the fault is for this call and not spent."""
        return (
            area == self.area
            and path.lower().startswith(self.path.strip("/").lower())
            and self.tenant in {None, tenant}
            and not self.spent
        )

    def as_json(self) -> dict[str, Any]:
        """Return the fault and its counts as the control API shows them."""
        flat = asdict(self)
        return {**flat, **flat.pop("details"), "spent": self.spent}


class BadFault(ValueError):
    """The fault is described wrongly; the message says how."""


def fault_from(asked: dict[str, Any]) -> Fault:
    """Read a fault as the control API takes it: the details of its kind are keys beside the others.

    Raises:
        BadFault: an unknown area, kind or detail, or a value of the wrong type.
    """
    kind, area = asked.get("kind"), asked.get("area")
    if area not in AREAS:
        raise BadFault(f"area must be one of {', '.join(sorted(AREAS))}.")
    if kind not in KINDS:
        raise BadFault(f"kind must be one of {', '.join(sorted(KINDS))}.")
    if kind in BODY_FAULTS and area not in _BODY_AREAS.get(kind, {"xpm", "tax"}):
        raise BadFault(f"{kind} changes a list, and {area} does not support that.")
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
            raise BadFault(f"{kind} does not take {name}.")
        if not isinstance(value, known[name]) or isinstance(value, bool):
            raise BadFault(f"{name} has the wrong type.")
    details = {name: value for name, value in asked.items() if name not in common}
    if details.get("problem", "minute") not in get_args(Problem):
        raise BadFault(f"problem must be one of {', '.join(get_args(Problem))}.")
    return Fault(**{name: value for name, value in asked.items() if name in common}, details=details)


@dataclass
class FaultRegistry:
    """All injected faults, oldest first. The oldest one that matches a call applies."""

    _faults: list[Fault] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _lock: Lock = field(default_factory=Lock, repr=False)

    def inject(self, fault: Fault) -> Fault:
        """Add a fault and number it."""
        with self._lock:
            fault.id = next(self._numbers)
            self._faults.append(fault)
            return fault

    def next_for(self, area: str, path: str, tenant: str | None) -> Fault | None:
        """Return the fault to apply to this call, if any, and count the call."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(area, path, tenant):
                    fault.seen += 1
                    if fault.seen > fault.after:
                        fault.struck += 1
                        return fault
            return None

    def all(self) -> list[Fault]:
        """Return every fault, including the spent ones."""
        with self._lock:
            return list(self._faults)

    def clear(self, fault_id: int | None = None) -> int:
        """Remove one fault, or all, and return how many were removed."""
        with self._lock:
            kept = [fault for fault in self._faults if fault_id is not None and fault.id != fault_id]
            gone = len(self._faults) - len(kept)
            self._faults = kept
            return gone


def fault_of(scope: Scope) -> Fault | None:
    """Return the fault that the endpoint itself must apply to this call."""
    fault: Fault | None = scope.get(SCOPE_KEY)
    return fault
