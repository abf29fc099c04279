"""The state between the identity server's pages: open authorization requests, and who is signed in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from sandbox.identity.scopes import OPENID_SCOPES
from sandbox.people import App

TRANSACTION_LIFETIME = timedelta(minutes=30)
COOKIE = "xero_sandbox_session"


@dataclass(frozen=True)
class AuthorizationRequest:
    """A valid authorization request (RFC 6749 4.1.1) that waits for a person."""

    app: App
    redirect_uri: str
    scopes: frozenset[str]
    state: str | None
    nonce: str | None
    challenge: str | None
    created_at: datetime

    @property
    def only_identifies(self) -> bool:
        """Whether the app asks for nothing but who the person is ("Sign in with Xero")."""
        return self.scopes <= OPENID_SCOPES


@dataclass(frozen=True)
class SignIn:
    """A person signed in with a password in one browser."""

    email: str
    at: datetime
    session_id: str = field(default_factory=lambda: uuid4().hex)


@dataclass
class Sessions:
    """Open authorization requests by transaction id, and sign-ins by cookie."""

    _open: dict[str, AuthorizationRequest] = field(default_factory=dict)
    _signed_in: dict[str, SignIn] = field(default_factory=dict, repr=False)

    def open(self, asked: AuthorizationRequest) -> str:
        """Store a request and return the transaction id for the forms."""
        transaction = secrets.token_urlsafe(16)
        self._open[transaction] = asked
        return transaction

    def find(self, transaction: str, now: datetime) -> AuthorizationRequest | None:
        """Return the request behind a form; None if it is unknown, answered or too old."""
        asked = self._open.get(transaction)
        return asked if asked and now <= asked.created_at + TRANSACTION_LIFETIME else None

    def close(self, transaction: str) -> None:
        """Drop a request that has been answered."""
        self._open.pop(transaction, None)

    def sign_in(self, email: str, now: datetime) -> str:
        """Store the sign-in and return the cookie's value."""
        cookie = secrets.token_urlsafe(24)
        self._signed_in[cookie] = SignIn(email, now)
        return cookie

    def who(self, cookie: str | None) -> SignIn | None:
        """Return who is signed in with that cookie."""
        return self._signed_in.get(cookie or "")

    def sign_out(self, cookie: str | None) -> None:
        """Drop the sign-in of that cookie."""
        self._signed_in.pop(cookie or "", None)
