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
    "new_element", "damage", "status_after", "ok_but_ignored", "edit_between",
]  # fmt: skip
AREAS: frozenset[str] = frozenset(get_args(Area))
KINDS: frozenset[str] = frozenset(get_args(Kind))
WRITE_FAULTS = frozenset({"ok_but_ignored", "edit_between"})
"""The kinds that only a write has: `ok_but_ignored` answers as if it had been done, `edit_between` lets another client
edit right before it."""
BODY_FAULTS = WRITE_FAULTS | {
    "error_body",
    "no_container",
    "bad_record",
    "empty_list",
    "duplicate",
    "new_element",
    "damage",
}
"""The kinds that the endpoint applies itself, most of them to the body. Of these a write knows `error_body`."""
_BODY_AREAS = {"empty_list": {"xpm", "tax", "connections"}} | {kind: {"xpm"} for kind in ("damage", *WRITE_FAULTS)}
_ANSWER: dict[str, type | tuple[type, ...]] = {"status": int, "body": str, "headers": dict}
_COMMON: dict[str, type | tuple[type, ...]] = {
    "area": str,
    "kind": str,
    "path": str,
    "method": (str, type(None)),
    "tenant": (str, type(None)),
    "times": int,
    "after": int,
}
_DETAILS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "status": _ANSWER,
    "status_after": _ANSWER,
    "truncate": {"at_bytes": int, "fraction": (int, float)},
    "drip": {"bytes": int, "delay": (int, float)},
    "limit": {"problem": str, "retry_after": int},
    "error_body": {"description": str},
    "bad_record": {"nth": int, "what": str},
    "mislabel": {"content_type": str},
    "new_element": {"tag": str},
    "damage": {"nth": int, "at": int, "by": str},
    "edit_between": {"entity": str, "key": str, "fields": dict},
}
_REQUIRED = {"edit_between": {"entity", "key", "fields"}}
SCOPE_KEY = "sandbox.fault"


@dataclass
class Fault:
    """One injected fault.

    Attributes:
        path: prefix of the path below the area ("job.api/list"), ignoring case; empty matches every path.
        method: only calls with this HTTP method, since a GET and a PUT may share the start of their paths; None matches
            every method.
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
    method: str | None = None
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

    def matches(self, area: str, method: str, path: str, tenant: str | None) -> bool:
        """Whether the fault is for this call and not spent."""
        return (
            area == self.area
            and path.lower().startswith(self.path.strip("/").lower())
            and self.tenant in {None, tenant}
            and self.method in {None, method}
            and not (self.kind in WRITE_FAULTS and method == "GET")
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
    _check_kind(asked.get("area"), asked.get("kind"))
    details = _checked_details(asked)
    return Fault(**{name: value for name, value in asked.items() if name in _COMMON}, details=details)


def _check_kind(area: object, kind: object) -> None:
    if area not in AREAS:
        raise BadFault(f"area must be one of {', '.join(sorted(AREAS))}.")
    if kind not in KINDS:
        raise BadFault(f"kind must be one of {', '.join(sorted(KINDS))}.")
    if kind in BODY_FAULTS and area not in _BODY_AREAS.get(str(kind), {"xpm", "tax"}):
        raise BadFault(f"{area} does not support {kind}.")


def _checked_details(asked: dict[str, Any]) -> dict[str, Any]:
    kind = asked["kind"]
    known = _COMMON | _DETAILS.get(kind, {})
    for name, value in asked.items():
        if name not in known:
            raise BadFault(f"{kind} does not take {name}.")
        if not isinstance(value, known[name]) or isinstance(value, bool):
            raise BadFault(f"{name} has the wrong type.")
    missing = sorted(_REQUIRED.get(kind, set()) - set(asked))
    if missing:
        raise BadFault(f"{kind} needs {', '.join(missing)}.")
    if asked.get("method") not in {None, "GET", "POST", "PUT", "DELETE"}:
        raise BadFault("method must be GET, POST, PUT or DELETE.")
    details = {name: value for name, value in asked.items() if name not in _COMMON}
    if details.get("problem", "minute") not in get_args(Problem):
        raise BadFault(f"problem must be one of {', '.join(get_args(Problem))}.")
    return details


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

    def next_for(self, area: str, method: str, path: str, tenant: str | None) -> Fault | None:
        """Return the fault to apply to this call, if any, and count the call."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(area, method, path, tenant):
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
