"""Who uses the sandbox: apps registered with Xero, people who sign in, and what each may do in which practice."""

from __future__ import annotations

from dataclasses import dataclass, field

OPENID_SCOPES = frozenset({"openid", "profile", "email"})
XPM_BROAD = frozenset({"practicemanager", "practicemanager.read"})
XPM_GRANULAR = frozenset(
    f"practicemanager.{area}{suffix}" for area in ("client", "job", "staff", "time") for suffix in ("", ".read")
)
ALL_SCOPES = OPENID_SCOPES | XPM_BROAD | XPM_GRANULAR | {"offline_access"}
"""Every scope this identity server knows (Xero's "Scopes" page plus the broad XPM ones)."""


@dataclass
class App:
    """An app registered with Xero. Without a secret it is a "PKCE" app (RFC 7636 is then mandatory)."""

    client_id: str
    name: str
    secret: str | None = field(default=None, repr=False)
    redirect_uris: list[str] = field(default_factory=list)
    scopes: set[str] = field(default_factory=lambda: set(ALL_SCOPES))

    @property
    def is_public(self) -> bool:
        """Whether the app has no secret and so must prove itself with PKCE."""
        return self.secret is None


@dataclass
class Seat:
    """What one person is in one practice.

    `privilege` is XPM's "Connect third-party add-ons" (formerly "Authorise 3rd Party Full Access").
    """

    privilege: bool = False
    on_staff: bool = True


@dataclass(frozen=True)
class Organisation:
    """A ledger tenant (`ORGANISATION`), which XPM clients have to tell apart from a practice."""

    tenant_id: str
    name: str


@dataclass
class Person:
    """A Xero login."""

    name: str
    email: str
    xero_userid: str
    password: str = field(default="practice", repr=False)
    seats: dict[str, Seat] = field(default_factory=dict)
    organisation: Organisation | None = None
    disabled: bool = False

    @property
    def given_name(self) -> str:
        """The first of the person's names, as the `given_name` claim has it."""
        return self.name.partition(" ")[0]

    @property
    def family_name(self) -> str:
        """Everything after the first name, as the `family_name` claim has it."""
        return self.name.partition(" ")[2]

    def may_connect(self, tenant_id: str) -> bool:
        """Whether this person holds the privilege to connect apps to that practice now."""
        seat = self.seats.get(tenant_id)
        return bool(seat and seat.privilege and not self.disabled)
