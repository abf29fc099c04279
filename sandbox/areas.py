"""The areas of the sandbox: which of Xero's services a request is for."""

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
    """What a request is for. `area` is None for the home page and the control API."""

    area: str | None
    path: str
    """The path below the area's prefix, without a leading slash."""
    tenant: str | None
    """The `xero-tenant-id` in lower case; only XPM and the tax feed read it."""


def target_of(scope: Scope) -> RequestTarget:
    """Find the target from the request's path, ignoring case, and its `xero-tenant-id`."""
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
