"""Authorization codes, access tokens and refresh tokens, with Xero's lifetimes, rotation and grace time."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from threading import RLock

from sandbox.clock import Clock

CODE_LIFETIME = timedelta(minutes=5)
ACCESS_LIFETIME = timedelta(seconds=1800)  # Xero FAQ: 30 minutes
REFRESH_LIFETIME = timedelta(days=60)  # Xero FAQ: expires when unused for 60 days
GRACE = timedelta(minutes=30)  # Xero FAQ: after a lost answer the previous refresh token still works
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")  # RFC 7636 4.1


class GrantRefused(Exception):
    """The token endpoint answers `invalid_grant`; only a new consent helps."""


@dataclass(frozen=True)
class GivenConsent:
    """What a person allowed an app in one consent."""

    client_id: str
    email: str
    scopes: frozenset[str]
    event_id: str
    """The `authentication_event_id` of the access token and `authEventId` of the connections."""
    authenticated_at: datetime
    session_id: str
    nonce: str | None = None


@dataclass
class IssuedTokens:
    """The tokens of one consent. They are revoked together."""

    consent: GivenConsent
    revoked: bool = False


@dataclass
class _Code:
    consent: GivenConsent
    redirect_uri: str
    challenge: str | None
    created_at: datetime
    tokens: IssuedTokens | None = None
    used: bool = False


@dataclass
class _Refresh:
    tokens: IssuedTokens
    used: datetime
    """When it was issued or last used."""
    replaced: datetime | None = None
    """When the first token that replaces it was issued; its grace time starts then."""


@dataclass
class _Access:
    tokens: IssuedTokens
    expires: datetime


@dataclass
class Grants:
    """All codes and tokens, stored as digests only."""

    clock: Clock
    _codes: dict[str, _Code] = field(default_factory=dict, repr=False)
    _refresh: dict[str, _Refresh] = field(default_factory=dict, repr=False)
    _access: dict[str, _Access] = field(default_factory=dict, repr=False)
    _scopes: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict, repr=False)
    _lock: RLock = field(default_factory=RLock, repr=False)

    def add_scopes(self, email: str, client_id: str, scopes: frozenset[str]) -> frozenset[str]:
        """Add a consent's scopes to those of earlier consents, as Xero does ("Scopes" page), and return all."""
        with self._lock:
            self._scopes[email, client_id] = self._scopes.get((email, client_id), frozenset()) | scopes
            return self._scopes[email, client_id]

    def new_code(self, consent: GivenConsent, redirect_uri: str, challenge: str | None) -> str:
        """Issue a code bound to client, redirect URI, PKCE challenge and nonce (RFC 6749 4.1.2, RFC 7636 4.4)."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._codes[_digest(code)] = _Code(consent, redirect_uri, challenge, self.clock.now())
        return code

    def redeem(self, code: str, client_id: str, redirect_uri: str, verifier: str | None) -> IssuedTokens:
        """Exchange a code, once. A second try also revokes the tokens of the first (RFC 6749 4.1.2).

        Raises:
            GrantRefused: the code is unknown, used, expired or another client's, or the redirect URI or verifier does
                not match.
        """
        with self._lock:
            known = self._codes.get(_digest(code))
            if known is None:
                raise GrantRefused
            if known.used:
                self._revoke_set(known.tokens)
                raise GrantRefused
            known.used = True
            late = self.clock.now() > known.created_at + CODE_LIFETIME
            if late or known.consent.client_id != client_id or known.redirect_uri != redirect_uri:
                raise GrantRefused
            if not _verifier_matches(known.challenge, verifier):
                raise GrantRefused
            known.tokens = IssuedTokens(known.consent)
            return known.tokens

    def refresh(self, token: str, client_id: str) -> IssuedTokens:
        """Use a refresh token: the current one, or a replaced one any number of times within its grace time.

        Raises:
            GrantRefused: the token is unknown, revoked, another client's, unused for 60 days, or past its grace time.
        """
        with self._lock:
            now, known = self.clock.now(), self._refresh.get(_digest(token))
            if known is None or known.tokens.revoked or known.tokens.consent.client_id != client_id:
                raise GrantRefused
            if known.replaced is not None and now > known.replaced + GRACE:
                raise GrantRefused
            if now > known.used + REFRESH_LIFETIME:
                raise GrantRefused
            known.used = now
            known.replaced = known.replaced or now
            return known.tokens

    def new_refresh(self, tokens: IssuedTokens) -> str:
        """Issue the next refresh token of the set."""
        token = secrets.token_urlsafe(48)
        with self._lock:
            self._refresh[_digest(token)] = _Refresh(tokens, self.clock.now())
        return token

    def remember_access(self, token: str, tokens: IssuedTokens) -> None:
        """Accept `token` until it expires."""
        with self._lock:
            self._access[_digest(token)] = _Access(tokens, self.clock.now() + ACCESS_LIFETIME)

    def bearer(self, token: str) -> tuple[IssuedTokens, datetime] | None:
        """Return the set an access token belongs to and when it expires; None if it is unknown or revoked."""
        with self._lock:
            known = self._access.get(_digest(token))
            if known is None or known.tokens.revoked:
                return None
            return known.tokens, known.expires

    def owner(self, refresh_token: str) -> IssuedTokens | None:
        """Return the set a refresh token belongs to; None if it is unknown or revoked."""
        with self._lock:
            known = self._refresh.get(_digest(refresh_token))
            return known.tokens if known and not known.tokens.revoked else None

    def expire_access(self) -> int:
        """Expire every access token now and return how many were valid. Refresh tokens keep working."""
        with self._lock:
            now = self.clock.now()
            valid = [known for known in self._access.values() if known.expires > now and not known.tokens.revoked]
            for known in valid:
                known.expires = now
            return len(valid)

    def revoke(self, email: str, client_id: str | None = None) -> int:
        """Revoke a person's tokens for one app or all, drop the scopes, and return how many sets were revoked."""
        with self._lock:
            every = {id(known.tokens): known.tokens for known in self._refresh.values()}
            every |= {id(known.tokens): known.tokens for known in self._access.values()}
            found = [
                tokens
                for tokens in every.values()
                if not tokens.revoked
                and tokens.consent.email == email
                and client_id in {None, tokens.consent.client_id}
            ]
            for tokens in found:
                self._revoke_set(tokens)
            for person, app in [*self._scopes]:
                if person == email and client_id in {None, app}:
                    del self._scopes[person, app]
            return len(found)

    @staticmethod
    def _revoke_set(tokens: IssuedTokens | None) -> None:
        if tokens is not None:
            tokens.revoked = True


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _verifier_matches(challenge: str | None, verifier: str | None) -> bool:
    """Check the verifier (RFC 7636 4.6). One without a challenge fails: an attacker may have removed the challenge."""
    if challenge is None or verifier is None:
        return challenge is None and verifier is None
    if not _VERIFIER.fullmatch(verifier):
        return False
    made = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return secrets.compare_digest(made, challenge)
