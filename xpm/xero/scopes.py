"""What the scopes of a consent allow, by Xero's page "Scopes" and the OpenAPI document of XPM 3.1.

XPM has broad scopes for everything, and granular ones for an area each. A scope to write also allows reading.
"""

from collections.abc import Collection, Iterable
from enum import Enum

IDENTITY_SCOPES = ("openid", "profile", "email")
"""What a login asks for: who the person is, and nothing else."""

LASTING_LOGIN = frozenset({"openid", "offline_access"})
"""What no connection can do without: who consented, and a refresh token. Without one it would last 30 minutes."""

READ, WRITE = "practicemanager.read", "practicemanager"
"""The broad scopes."""

AREAS_READ = ("client", "job", "staff")
AREAS_WRITTEN = ("client", "job", "time")
"""The areas of XPM that syncs read, and those that edits are sent to."""

_GRANULAR = "practicemanager."


class Coverage(Enum):
    """Whether scopes cover an endpoint."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"  # Xero does not document which granular scope covers it, so only a call shows


def scopes_to_ask_for(*, push: bool) -> tuple[str, ...]:
    """The fewest scopes that do the work: who consents, a refresh token, and XPM, to be changed only with `push`."""
    return (*IDENTITY_SCOPES, "offline_access", WRITE if push else READ)


def covers(granted: Collection[str], scope: str | None) -> Coverage:
    """Whether these scopes cover an endpoint, by the narrowest scope that does; `None` if only broad ones surely do."""
    if WRITE in granted or (READ in granted and (scope is None or scope.endswith(".read"))):
        return Coverage.YES
    if scope is None:
        return Coverage.UNKNOWN if any(one.startswith(_GRANULAR) for one in granted) else Coverage.NO
    return Coverage.YES if scope in granted or scope.removesuffix(".read") in granted else Coverage.NO


def missing_scopes(granted: Iterable[str]) -> frozenset[str]:
    """The scopes that syncs need and `granted` does not cover, by their narrowest names."""
    held = frozenset(granted)
    return (LASTING_LOGIN - held) | _lacking(held, (_read(area) for area in AREAS_READ))


def missing_to_write(granted: Iterable[str], areas: Iterable[str] = AREAS_WRITTEN) -> frozenset[str]:
    """The scopes that sending edits to these areas of XPM needs and `granted` does not cover."""
    return _lacking(frozenset(granted), (f"{_GRANULAR}{area}" for area in areas))


def may_write(granted: Iterable[str]) -> bool:
    """Whether every kind of edit can be sent with these scopes."""
    return not missing_to_write(granted)


def allowing_changes(scopes: Iterable[str]) -> frozenset[str]:
    """Those of the scopes that allow changes in XPM."""
    ours = (scope for scope in scopes if scope == WRITE or scope.startswith(_GRANULAR))
    return frozenset(scope for scope in ours if not scope.endswith(".read"))


def may_read_any(granted: Iterable[str]) -> bool:
    """Whether these scopes cover at least one area that syncs read."""
    return len(_lacking(frozenset(granted), (_read(area) for area in AREAS_READ))) < len(AREAS_READ)


def _read(area: str) -> str:
    return f"{_GRANULAR}{area}.read"


def _lacking(held: frozenset[str], needed: Iterable[str]) -> frozenset[str]:
    return frozenset(scope for scope in needed if covers(held, scope) is not Coverage.YES)
