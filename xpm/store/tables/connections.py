"""A practice's connection: its consents with their sealed tokens, its state, and the log of its states."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from xpm.store.engine.columns import Json, OneOf, UtcDateTime
from xpm.store.tables.schema import JsonObject, StoreTable
from xpm.store.vocabulary import AttemptOutcome, ConnectionState, ConsentStatus


class Consent(StoreTable, table=True):
    """One person's consent at Xero with its token set. The vault seals its tokens (`xpm.store.consent.consents`)."""

    __tablename__ = "consent"

    id: str = Field(primary_key=True)
    practice: str = Field(foreign_key="practice.slug", index=True)
    user_id: str = Field(foreign_key="fyi_user.id")  # the person we asked; the Xero login that answered is below
    status: ConsentStatus = Field(sa_type=OneOf(ConsentStatus))
    xero_userid: str | None = None
    email: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    authentication_event_id: str | None = None
    scopes: list[str] = Field(default_factory=list, sa_type=Json)
    access_token: bytes | None = Field(default=None, repr=False)
    refresh_token: bytes | None = Field(default=None, repr=False)
    previous_refresh_token: bytes | None = Field(default=None, repr=False)  # valid for Xero's 30 minutes of grace
    access_expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    generation: int = 0  # of the token pair; every rotation adds one
    refreshed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    refresh_started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # written before asking Xero
    created_at: datetime = Field(sa_type=UtcDateTime)


class Connection(StoreTable, table=True):
    """A practice's connection to Xero. The tenant stays after a disconnect, so that a reconnect finds its records."""

    __tablename__ = "connection"
    __table_args__ = (UniqueConstraint("tenant_id"),)

    practice: str = Field(primary_key=True, foreign_key="practice.slug")
    state: ConnectionState = Field(default=ConnectionState.NOT_CONNECTED, sa_type=OneOf(ConnectionState))
    reason_key: str | None = None
    since: datetime = Field(sa_type=UtcDateTime)
    tenant_id: str | None = None
    tenant_name: str | None = None
    xero_connection_id: str | None = None
    consent_id: str | None = Field(default=None, foreign_key="consent.id")
    connected_by: str | None = Field(default=None, foreign_key="fyi_user.id")
    connected_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ConnectionTransition(StoreTable, table=True):
    """The log of every change of state."""

    __tablename__ = "connection_transition"
    __table_args__ = (Index(None, "practice", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    practice: str = Field(foreign_key="practice.slug")
    from_state: ConnectionState = Field(sa_type=OneOf(ConnectionState))
    to_state: ConnectionState = Field(sa_type=OneOf(ConnectionState))
    reason_key: str | None = None
    person: str | None = None
    flow_run_id: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)


class AuthorisationAttempt(StoreTable, table=True):
    """One attempt to get a consent. The last block belongs to one browser and serves one callback."""

    __tablename__ = "authorisation_attempt"

    id: str = Field(primary_key=True)
    practice: str = Field(foreign_key="practice.slug", index=True)
    user_id: str = Field(foreign_key="fyi_user.id")
    flow_run_id: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    outcome: AttemptOutcome = Field(default=AttemptOutcome.WAITING, sa_type=OneOf(AttemptOutcome))
    reason_key: str | None = None
    reason_facts: JsonObject | None = Field(default=None, sa_type=Json)  # the values in the sentence of `reason_key`
    consent_id: str | None = Field(default=None, foreign_key="consent.id")
    tenant_id: str | None = None  # of the chosen account
    tenant_name: str | None = None
    xero_connection_id: str | None = None
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # for an account that is new to FYI
    confirmed_name: str | None = None  # as typed
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    state_hash: bytes | None = Field(default=None, repr=False, unique=True)  # SHA-256 of the state parameter
    browser_hash: bytes | None = Field(default=None, repr=False)  # SHA-256 of the browser's cookie
    nonce: bytes | None = Field(default=None, repr=False)  # sealed
    code_verifier: bytes | None = Field(default=None, repr=False)  # sealed
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
