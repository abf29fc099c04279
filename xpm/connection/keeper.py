"""Keeps the tokens of one consent in the store and renews them, one process at a time."""

import time
import uuid
from datetime import timedelta

from pydantic import SecretStr

from xpm.connection.integration import Integration
from xpm.store import consents, leases
from xpm.store.consents import StoredTokens, TokenPair
from xpm.store.leases import Lease
from xpm.xero.clock import Sleep
from xpm.xero.errors import AnswerLost, ConsentNeeded
from xpm.xero.tokens import TokenSet

LEASE = timedelta(seconds=90)
"""Longer than any refresh with its retries takes; a killed process keeps the others waiting no longer than this."""

LOOK_EVERY = 0.2  # seconds between looks at whether somebody else has renewed the tokens
RETRIES_OF_A_LOST_ANSWER = 2  # Xero takes the previous refresh token again for 30 minutes


class ConsentKeeper:
    """The `TokenKeeper` of one consent. Each process that uses the consent has its own; they share the database.

    Xero's refresh tokens are used up by a refresh, so that two refreshes at a time can end a consent (Xero: OAuth FAQ).
    """

    def __init__(self, integration: Integration, consent_id: str, sleep: Sleep = time.sleep) -> None:
        self._integration = integration
        self._consent_id = consent_id
        self._holder = str(uuid.uuid4())
        self._sleep = sleep

    def current(self) -> TokenSet:
        """The newest tokens.

        Raises:
            ConsentNeeded: the consent has none (any more).
        """
        return _token_set(self._stored())

    def renew(self, stale: TokenSet) -> TokenSet:
        """Tokens newer than `stale`: renewed here, or found renewed by somebody else.

        Raises:
            ConsentNeeded: Xero no longer takes the refresh token.
            MisconfiguredApp: Xero does not take the app's credentials; the tokens are kept.
            XeroUnavailable: Xero did not answer; the tokens are kept.
        """
        while True:
            tokens = self.current()
            if tokens.access_token != stale.access_token:
                return tokens
            lease = self._acquire()
            if lease is None:
                self._sleep(LOOK_EVERY)
                continue
            try:
                return self._renew_alone(stale)
            finally:
                self._release(lease)

    def _renew_alone(self, stale: TokenSet) -> TokenSet:
        """Renew under the lease; what was stored while we waited for it is taken instead."""
        stored = self._stored()
        tokens = _token_set(stored)
        if tokens.access_token != stale.access_token:
            return tokens
        now = self._integration.clock()
        with self._integration.database.write() as session:
            consents.note_refresh(session, self._consent_id, stored.generation, now)
        renewed = self._ask(tokens.refresh_token)
        with self._integration.database.write() as session:
            pair = token_pair(renewed)
            mine = consents.store_rotation(
                session, self._integration.vault, self._consent_id, stored.generation, tokens=pair, now=now
            )
        return renewed if mine else self.current()

    def _ask(self, refresh_token: SecretStr) -> TokenSet:
        for _ in range(RETRIES_OF_A_LOST_ANSWER):
            try:
                return self._integration.oauth.refresh(refresh_token)
            except AnswerLost:
                self._sleep(LOOK_EVERY)
        return self._integration.oauth.refresh(refresh_token)

    def _stored(self) -> StoredTokens:
        with self._integration.database.read() as session:
            return consents.tokens_of(session, self._integration.vault, self._consent_id)

    def _acquire(self) -> Lease | None:
        with self._integration.database.write() as session:
            return leases.acquire(
                session, f"refresh/{self._consent_id}", self._holder, self._integration.clock(), LEASE
            )

    def _release(self, lease: Lease) -> None:
        with self._integration.database.write() as session:
            leases.release(session, lease)


def token_pair(tokens: TokenSet) -> TokenPair:
    """Xero's tokens as the store takes them."""
    return TokenPair(tokens.access_token.get_secret_value(), tokens.refresh_token.get_secret_value(), tokens.expires_at)


def _token_set(stored: StoredTokens) -> TokenSet:
    if stored.access_token is None or stored.refresh_token is None or stored.access_expires_at is None:
        raise ConsentNeeded("There are no tokens for this consent any more.")
    return TokenSet(
        access_token=SecretStr(stored.access_token),
        refresh_token=SecretStr(stored.refresh_token),
        expires_at=stored.access_expires_at,
    )
