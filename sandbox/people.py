"""The apps registered with Xero, the people who sign in, and what each person may do in each XPM account."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.identity.scopes import ALL_SCOPES


@dataclass
class App:
    """An app registered with Xero. An app without a secret is a PKCE app: it must use RFC 7636."""

    client_id: str
    name: str
    secret: str | None = field(default=None, repr=False)
    redirect_uris: list[str] = field(default_factory=list)
    scopes: set[str] = field(default_factory=lambda: set(ALL_SCOPES))

    @property
    def is_public(self) -> bool:
        """Whether the app has no secret and so must use PKCE."""
        return self.secret is None


@dataclass
class Seat:
    """A person's place in one XPM account.

    `privilege` is XPM's "Connect third-party add-ons" (formerly "Authorise 3rd Party Full Access").
    """

    privilege: bool = False
    on_staff: bool = True


@dataclass(frozen=True)
class Organisation:
    """A ledger tenant (type `ORGANISATION`). An XPM app must tell it apart from an XPM account."""

    tenant_id: str
    name: str


@dataclass
class XeroUser:
    """A Xero login."""

    name: str
    email: str
    xero_userid: str
    password: str = field(default="practice", repr=False)
    seats: dict[str, Seat] = field(default_factory=dict)
    organisation: Organisation | None = None
    disabled: bool = False
    email_verified: bool | None = None
    """The claim of this name. Xero does not send it, so it is left out unless it is set; other issuers do."""

    @property
    def given_name(self) -> str:
        """The first word of the name, sent as the `given_name` claim."""
        return self.name.partition(" ")[0]

    @property
    def family_name(self) -> str:
        """The rest of the name, sent as the `family_name` claim."""
        return self.name.partition(" ")[2]

    def may_connect(self, tenant_id: str) -> bool:
        """Whether this person may connect apps to that account: has the privilege and is not disabled."""
        seat = self.seats.get(tenant_id)
        return bool(seat and seat.privilege and not self.disabled)
