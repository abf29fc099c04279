"""The scopes the identity server accepts, and what the consent page says about each."""

from __future__ import annotations

from collections.abc import Iterable

OPENID_SCOPES = frozenset({"openid", "profile", "email"})
XPM_BROAD = frozenset({"practicemanager", "practicemanager.read"})
XPM_GRANULAR = frozenset(
    f"practicemanager.{area}{suffix}" for area in ("client", "job", "staff", "time") for suffix in ("", ".read")
)
ALL_SCOPES = OPENID_SCOPES | XPM_BROAD | XPM_GRANULAR | {"offline_access"}
"""Every scope the identity server accepts: those of Xero's "Scopes" page and the broad XPM ones."""

_LABELS = {
    "openid": "Know who you are",
    "profile": "See your name",
    "email": "See your email address",
    "offline_access": "Keep working while you are not signed in",
    "practicemanager": "View and change everything in Xero Practice Manager",
    "practicemanager.read": "View everything in Xero Practice Manager",
    "practicemanager.client": "View and change clients, contacts and groups",
    "practicemanager.client.read": "View clients, contacts and groups",
    "practicemanager.job": "View and change jobs",
    "practicemanager.job.read": "View jobs",
    "practicemanager.staff": "View and change staff",
    "practicemanager.staff.read": "View staff",
    "practicemanager.time": "View and change time entries",
    "practicemanager.time.read": "View time entries",
}


def scope_labels(scopes: Iterable[str]) -> list[str]:
    """Return the label of each scope, XPM's first."""
    asked = set(scopes)
    ordered = sorted(_LABELS, key=lambda scope: (not scope.startswith("practicemanager"), list(_LABELS).index(scope)))
    return [_LABELS[scope] for scope in ordered if scope in asked]
