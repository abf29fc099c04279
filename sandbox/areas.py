"""Which of Xero's services a path belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

XPM_BASE = "/practicemanager/3.1/"
_PREFIXES = (
    ("/identity/", "authorize"),
    ("/connect/token", "token"),
    ("/connect/revocation", "revocation"),
    ("/.well-known/", "jwks"),
    ("/connections", "connections"),
    (XPM_BASE, "xpm"),
    ("/tax/", "tax"),
)


@dataclass(frozen=True)
class RequestTarget:
    """What a call is for. `area` is None for the home page and the control API."""

    area: str | None
    path: str
    """The path under the area's prefix, no slash in front."""
    tenant: str | None


def target_of(scope: Scope) -> RequestTarget:
    """Sort a request by its path, letter case aside, and its `xero-tenant-id`."""
    path: str = scope["path"]
    for prefix, area in _PREFIXES:
        if path.lower().startswith(prefix):
            tenant = _tenant(scope) if area in {"xpm", "tax"} else None
            return RequestTarget(area, path[len(prefix) :].strip("/"), tenant)
    return RequestTarget(None, path, None)


def _tenant(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"xero-tenant-id":
            return str(value.decode("latin-1")).strip().lower()
    return None
