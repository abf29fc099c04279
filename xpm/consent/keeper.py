"""Keeps the tokens of one consent in the store and renews them, one process at a time."""

import uuid
from collections.abc import Callable

from pydantic import SecretStr
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from xpm.integration import Integration
from xpm.leasing import StillHeld, Waiter, holding
from xpm.store.consent import connections, consents
from xpm.store.consent.consents import StoredTokens, TokenPair
from xpm.store.tables import Connection
from xpm.xero.errors import AnswerLost, ConsentNeeded, XeroUnavailable
from xpm.xero.tokens import TokenSet

PATIENCE = 180.0
"""Seconds to wait for another program's renewal. Longer than one takes with its retries (three times 10 s to connect
and 30 s for the answer), and than it takes to find out that its program was killed."""

LOOK_EVERY = 0.2  # seconds between checks whether another process has renewed the tokens
RETRIES_OF_A_LOST_ANSWER = 2  # Xero accepts the previous refresh token for another 30 minutes


class ConsentKeeper:
    """The `TokenKeeper` of one consent. Each process that uses the consent has its own; they share the database.

    A refresh uses up Xero's refresh token, so two refreshes at once can end a consent (Xero: OAuth FAQ).
    """

    def __init__(self, integration: Integration, consent_id: str) -> None:
        self._integration = integration
        self._consent_id = consent_id

    def current(self) -> TokenSet:
        """Read the newest tokens.

        Raises:
            ConsentNeeded: the consent has no tokens, or no longer has any.
        """
        return _token_set(self._stored())

    def renew(self, stale: TokenSet) -> TokenSet:
        """Return tokens newer than `stale`: renewed here, or already renewed by another process.

        Raises:
            ConsentNeeded: Xero no longer accepts the refresh token.
            MisconfiguredApp: Xero does not accept the app's credentials; the tokens are kept.
            XeroUnavailable: Xero did not answer, or another program has been renewing the tokens for `PATIENCE`; the
                tokens are kept.
        """
        holder = str(uuid.uuid4())  # one per call, so that threads sharing this keeper also wait for each other
        name = f"refresh/{self._consent_id}"
        waiter = Waiter(self._integration, name, holder, patience=PATIENCE, look_every=LOOK_EVERY)
        while True:
            tokens = self.current()
            if tokens.access_token != stale.access_token:
                return tokens
            if lease := waiter.ask():
                with holding(self._integration, lease):
                    return self._renew_under_lease(stale)
            try:
                waiter.wait()
            except StillHeld:
                said = f"Another program has been renewing the access for {PATIENCE / 60:.0f} minutes."
                raise XeroUnavailable(said) from None

    def _renew_under_lease(self, stale: TokenSet) -> TokenSet:
        """Renew while holding the lease, unless newer tokens were stored while we waited for it."""
        stored = self._stored()
        tokens = _token_set(stored)
        if tokens.access_token != stale.access_token:
            return tokens
        if stored.is_lost:
            raise ConsentNeeded("Xero has already refused to renew this consent.")  # and would refuse again
        with self._integration.database.write() as session:
            consents.note_refresh(session, self._consent_id, stored.generation, self._integration.clock())
        try:
            renewed = self._ask(tokens.refresh_token)
        except ConsentNeeded:
            newest = self._stored()
            if newest.generation == stored.generation:
                self._note_loss(stored.generation)
                raise
            return _token_set(newest)  # the previous holder of the lease was slow, but renewed before us
        return renewed if self._store(renewed, stored.generation) else self.current()

    def _store(self, renewed: TokenSet, generation: int) -> bool:
        """Replace the tokens of this generation; False if another process has already replaced them."""
        vault, now = self._integration.vault, self._integration.clock()
        with self._integration.database.write() as session:
            pair = token_pair(renewed)
            return consents.store_rotation(session, vault, self._consent_id, generation, tokens=pair, now=now)

    def _note_loss(self, generation: int) -> None:
        """Record the refusal, so that later callers do not ask Xero again."""
        with self._integration.database.write() as session:
            consents.note_loss(session, self._consent_id, generation)

    def _ask(self, refresh_token: SecretStr) -> TokenSet:
        patience = Retrying(
            retry=retry_if_exception_type(AnswerLost),
            stop=stop_after_attempt(1 + RETRIES_OF_A_LOST_ANSWER),
            wait=wait_fixed(LOOK_EVERY),
            sleep=self._integration.sleep,
            reraise=True,
        )
        return patience(self._integration.oauth.refresh, refresh_token)

    def _stored(self) -> StoredTokens:
        with self._integration.database.read() as session:
            return consents.tokens_of(session, self._integration.vault, self._consent_id)


class ConnectionKeeper:
    """The `TokenKeeper` of a practice's connection. A run under way continues with the new consent after a reconnect.

    A reconnect ends the old consent. Runs switch to the new consent only if the tenant is the same.
    """

    def __init__(self, integration: Integration, connection: Connection) -> None:
        self._integration = integration
        self._connection = connection

    def current(self) -> TokenSet:
        """Read the newest tokens. Raises ConsentNeeded if neither this consent nor a newer one has any."""
        return self._from_newest(ConsentKeeper.current)

    def renew(self, stale: TokenSet) -> TokenSet:
        """Return tokens newer than `stale`. Raises what `ConsentKeeper.renew` raises."""
        return self._from_newest(lambda keeper: keeper.renew(stale))

    def _from_newest(self, tokens: Callable[[ConsentKeeper], TokenSet]) -> TokenSet:
        consent_id = self._newest()
        while True:
            try:
                return tokens(ConsentKeeper(self._integration, consent_id))
            except ConsentNeeded:
                asked, consent_id = consent_id, self._newest()
                if asked == consent_id:
                    raise

    def _newest(self) -> str:
        with self._integration.database.read() as session:
            current = connections.get(session, self._connection.practice)
        if current.consent_id and current.tenant_id == self._connection.tenant_id:
            return current.consent_id
        return self._connection.consent_id or ""


def token_pair(tokens: TokenSet) -> TokenPair:
    """Convert Xero's tokens to the form the store takes."""
    return TokenPair(tokens.access_token.get_secret_value(), tokens.refresh_token.get_secret_value(), tokens.expires_at)


def _token_set(stored: StoredTokens) -> TokenSet:
    if stored.access_token is None or stored.refresh_token is None or stored.access_expires_at is None:
        raise ConsentNeeded("This consent no longer has any tokens.")
    return TokenSet(
        access_token=SecretStr(stored.access_token),
        refresh_token=SecretStr(stored.refresh_token),
        expires_at=stored.access_expires_at,
    )
