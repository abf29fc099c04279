"""A practice and a sandbox: who works there, and how they reconnect."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import httpx
from sqlalchemy import text
from sqlmodel import select

from sandbox.browser import answer_consent
from sandbox.faults import fault_from
from sandbox.server import SandboxServer
from sandbox.world import HARBOUR_VALE, LEO, MERE, SAM, World
from tests.conftest import BESIDE
from xpm.account.choice import choose, chosen, offers
from xpm.account.confirmation import confirm, is_open
from xpm.account.reset import check_chosen, reset
from xpm.consent.callback import Received, receive, start_login
from xpm.consent.invitation import Invitation, invite
from xpm.consent.preflight import Person
from xpm.integration import Integration
from xpm.store import activity, people, practices
from xpm.store.consent import attempts, connections, consents
from xpm.store.consent.consents import StoredTokens
from xpm.store.engine.database import Database
from xpm.store.tables import AuthorisationAttempt, Connection, ConnectionTransition, Consent, FyiUser, StoreTable
from xpm.store.vocabulary import ConsentStatus
from xpm.words import Message

HARBOUR = "harbour-vale"
NAMES = {MERE: "Mere Tāne", SAM: "Sam Brooks", LEO: "Leo Fraser"}
LOGS = BESIDE | {
    "authorisation_attempt",
    "connection_transition",
    "practice_activity",
    "lease",
    "audit_entry",
    "audit_head",
}
"""Tables that log what was tried; all other tables hold the current state."""


def move_in(integration: Integration, slug: str = HARBOUR, name: str = "Harbour & Vale Accountants") -> None:
    """Add a practice with two FYI Admins and one person who is not."""
    with integration.database.write() as session:
        practices.add(
            session,
            slug=slug,
            name=name,
            country="AU",
            time_zone="Australia/Sydney",
            history_start=dt.date(2024, 1, 1),
            now=integration.clock(),
        )
        for email, person in NAMES.items():
            people.add(session, slug, email, person, is_admin=email != LEO)


def answer_in(callback: str) -> dict[str, str]:
    """Read Xero's answer from the callback's address."""
    return dict(parse_qsl(urlsplit(callback).query))


@dataclass
class Sent:
    """Xero's answer, and the cookie of the browser that brings it."""

    answer: dict[str, str] = field(repr=False)
    browser: str = field(repr=False)


@dataclass
class Harbour:
    """One practice, with what tests do to it."""

    integration: Integration
    server: SandboxServer
    slug: str = HARBOUR

    @property
    def database(self) -> Database:
        return self.integration.database

    @property
    def world(self) -> World:
        return self.server.world

    def person(self, email: str = MERE) -> FyiUser:
        with self.database.read() as session:
            found = people.by_email(session, self.slug, email)
        assert found
        return found

    def invite(self, email: str = MERE, run: str = "run-1", minutes: int = 30) -> Invitation:
        """Ask a person for consent, as a run does."""
        user = self.person(email)
        person = Person(id=user.id, name=user.name, email=user.email)
        return invite(self.integration, self.slug, person, minutes=minutes, flow_run_id=run)

    def go(
        self,
        invitation: Invitation,
        email: str | None = None,
        *,
        tenants: Sequence[str] | None = (HARBOUR_VALE,),
        decision: Literal["allow", "cancel"] = "allow",
    ) -> Sent:
        """Open the link, log in to Xero and decide there, but do not hand in the answer yet."""
        out = start_login(self.integration, invitation.attempt_id)
        url = out.url.get_secret_value()
        callback = answer_consent(url, email or invitation.person.email, tenants=tenants, decision=decision)
        return Sent(answer_in(callback), out.browser.get_secret_value())

    def hand_in(self, sent: Sent) -> Received:
        """Hand in Xero's answer, as the browser does."""
        return receive(self.integration, sent.answer, sent.browser)

    def consent(self, invitation: Invitation, email: str | None = None, **choice: Any) -> Received:  # noqa: ANN401
        """Go to Xero and come back."""
        return self.hand_in(self.go(invitation, email, **choice))

    def finish(self, invitation: Invitation, *, another_account: bool = False) -> Message:
        """Run the rest of the runbook after access was allowed; choose and confirm the first account."""
        self.choose(invitation, another_account=another_account)
        check_chosen(self.integration, invitation)
        self.confirm(invitation)
        return reset(self.integration, invitation)

    def choose(self, invitation: Invitation, *, another_account: bool = False) -> None:
        """Choose the first account that the consent offers."""
        first = offers(self.integration, invitation)[0]
        choose(self.integration, invitation, first, another_account=another_account)

    def confirm(self, invitation: Invitation) -> None:
        """Type the chosen account's name, if the runbook asks for it."""
        if is_open(self.integration, invitation):
            confirm(self.integration, invitation, chosen(self.integration, invitation).tenant_name)

    def connect(self, email: str = MERE, run: str = "run-0", tenant: str = HARBOUR_VALE) -> Message:
        """Reconnect successfully."""
        invitation = self.invite(email, run)
        assert self.consent(invitation, tenants=(tenant,)).message.key == "consent.granted"
        return self.finish(invitation)

    def fault(self, area: str, kind: str, **details: Any) -> None:  # noqa: ANN401  JSON
        """Make something go wrong at Xero."""
        self.world.faults.inject(fault_from({"area": area, "kind": kind} | details))

    def at_xero(self, email: str, **rights: bool) -> None:
        """Change a person's role in Harbour & Vale at Xero."""
        answer = httpx.patch(f"{self.server.url}/sandbox/people/{email}", json={"seats": {HARBOUR_VALE: rights}})
        answer.raise_for_status()

    def token_requests(self, grant: str = "refresh_token") -> int:
        """Count the requests for tokens."""
        asked: dict[str, int] = self.world.request_log.usage()["token_requests"]
        return asked.get(grant, 0)

    def connection(self) -> Connection:
        with self.database.read() as session:
            return connections.get(session, self.slug)

    def states(self) -> list[str]:
        """List the states the connection went through, oldest first."""
        return [step.to_state.value for step in self.transitions()]

    def transitions(self) -> list[ConnectionTransition]:
        with self.database.read() as session:
            return connections.history(session, self.slug)[::-1]

    def entries(self) -> list[str]:
        """List the keys of Practice Activity, oldest first."""
        with self.database.read() as session:
            return [entry.kind for entry in activity.recent(session, self.slug)][::-1]

    def attempt(self, invitation: Invitation) -> AuthorisationAttempt:
        with self.database.read() as session:
            return attempts.get(session, invitation.attempt_id)

    def consent_of(self, invitation: Invitation) -> Consent:
        consent_id = self.attempt(invitation).consent_id
        assert consent_id
        return self.consent_row(consent_id)

    def consent_row(self, consent_id: str) -> Consent:
        with self.database.read() as session:
            return consents.get(session, consent_id)

    def active_consent(self) -> Consent:
        with self.database.read() as session:
            in_use = select(Consent).where(Consent.practice == self.slug, Consent.status == ConsentStatus.ACTIVE)
            return session.exec(in_use).one()

    def tokens(self, consent_id: str) -> StoredTokens:
        with self.database.read() as session:
            return consents.tokens_of(session, self.integration.vault, consent_id)

    def facts(self) -> dict[str, list[tuple[Any, ...]]]:
        """Read everything but the logs; of the consents, only those that hold tokens or were ever in use."""
        with self.database.read() as session:
            found = {
                name: [tuple(row) for row in session.connection().execute(table.select())]
                for name, table in StoreTable.metadata.tables.items()
                if name not in LOGS and name != "consent"
            }
            kept = text("SELECT * FROM consent WHERE refresh_token IS NOT NULL OR status <> :refused ORDER BY id")
            rows = session.connection().execute(kept, {"refused": ConsentStatus.REFUSED.value})
            found["consent"] = [tuple(row) for row in rows]
        return {name: sorted(rows, key=repr) for name, rows in found.items()}
