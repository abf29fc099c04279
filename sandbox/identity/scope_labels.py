"""What the consent page says about each scope."""

from __future__ import annotations

from collections.abc import Iterable

_WORDS = {
    "openid": "Know who you are",
    "profile": "See your name",
    "email": "See your e-mail address",
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
    ordered = sorted(_WORDS, key=lambda scope: (not scope.startswith("practicemanager"), list(_WORDS).index(scope)))
    return [_WORDS[scope] for scope in ordered if scope in asked]
