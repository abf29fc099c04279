"""The states of a connection, and which practice a tenant belongs to."""

import pytest

from tests.store.kit import LATER, NOW, consent, person, practice
from xpm.store.consent import connections
from xpm.store.engine.database import Database
from xpm.store.errors import TenantTaken, TransitionRefused
from xpm.store.vocabulary import ConnectionState as State

pytestmark = pytest.mark.also_on_postgresql("the store itself")

PATHS: dict[State, list[State]] = {
    State.NOT_CONNECTED: [],
    State.AUTHORISING: [State.AUTHORISING],
    State.CHOOSING_PRACTICE: [State.AUTHORISING, State.CHOOSING_PRACTICE],
    State.CONNECTED: [State.AUTHORISING, State.CHOOSING_PRACTICE, State.CONNECTED],
    State.NEEDS_RECONNECT: [State.AUTHORISING, State.CHOOSING_PRACTICE, State.CONNECTED, State.NEEDS_RECONNECT],
    State.PRIVILEGE_LOST: [State.AUTHORISING, State.CHOOSING_PRACTICE, State.CONNECTED, State.PRIVILEGE_LOST],
    State.DISCONNECTED: [State.AUTHORISING, State.CHOOSING_PRACTICE, State.CONNECTED, State.DISCONNECTED],
}
BEGUN = [State.AUTHORISING]
MAY_FOLLOW: dict[State, set[State]] = {
    State.NOT_CONNECTED: {State.AUTHORISING},
    State.AUTHORISING: {State.CHOOSING_PRACTICE, State.NOT_CONNECTED},  # NOT_CONNECTED: an abandoned first connect
    State.CHOOSING_PRACTICE: {State.AUTHORISING, State.CONNECTED, State.NOT_CONNECTED},
    State.CONNECTED: {State.AUTHORISING, State.NEEDS_RECONNECT, State.DISCONNECTED, State.PRIVILEGE_LOST},
    State.NEEDS_RECONNECT: {State.AUTHORISING, State.DISCONNECTED},
    State.PRIVILEGE_LOST: {State.AUTHORISING, State.CONNECTED, State.NEEDS_RECONNECT, State.DISCONNECTED},
    State.DISCONNECTED: {State.AUTHORISING},
}


@pytest.mark.parametrize("current", State)
@pytest.mark.parametrize("to", State)
def test_only_the_listed_transitions_are_allowed(sqlite_database: Database, current: State, to: State) -> None:
    with sqlite_database.write() as session:
        practice(session)
        for step in PATHS[current]:
            connections.move(session, "acme", step, now=NOW)
        before = len(connections.history(session, "acme"))
        if to is current or to in MAY_FOLLOW[current]:
            assert connections.move(session, "acme", to, now=LATER).state is to
            assert len(connections.history(session, "acme")) == before + (to is not current)
        else:
            with pytest.raises(TransitionRefused):
                connections.move(session, "acme", to, now=LATER)
            assert len(connections.history(session, "acme")) == before


@pytest.mark.parametrize("resting", [State.CONNECTED, State.NEEDS_RECONNECT, State.PRIVILEGE_LOST, State.DISCONNECTED])
@pytest.mark.parametrize(
    "steps", [[State.AUTHORISING], [State.AUTHORISING, State.CHOOSING_PRACTICE, State.AUTHORISING]]
)
def test_an_abandoned_reconnect_returns_to_the_state_before_it(
    database: Database, resting: State, steps: list[State]
) -> None:
    with database.write() as session:
        practice(session)
        for step in [*PATHS[resting], *steps]:
            connections.move(session, "acme", step, now=NOW)
        assert connections.state_before(session, "acme") is resting
        back = connections.move(session, "acme", resting, reason_key="gave_up", now=LATER)
        assert (back.state, back.since) == (resting, LATER)


def test_every_transition_is_logged_with_person_and_reason(database: Database) -> None:
    with database.write() as session:
        practice(session)
        connections.move(
            session,
            "acme",
            State.AUTHORISING,
            reason_key="reconnect_pressed",
            person="ana@acme.example",
            flow_run_id="f1",
            now=LATER,
        )
    with database.read() as session:
        (logged,) = connections.history(session, "acme")
        assert (logged.from_state, logged.to_state, logged.at) == (State.NOT_CONNECTED, State.AUTHORISING, LATER)
        assert (logged.reason_key, logged.person, logged.flow_run_id) == ("reconnect_pressed", "ana@acme.example", "f1")


def test_a_new_reason_for_the_same_state_is_logged(database: Database) -> None:
    with database.write() as session:
        practice(session)
        for step in PATHS[State.NEEDS_RECONNECT]:
            connections.move(session, "acme", step, now=NOW)
        before = len(connections.history(session, "acme"))
        connections.move(session, "acme", State.NEEDS_RECONNECT, reason_key="token_expired", now=LATER)
        assert len(connections.history(session, "acme")) == before + 1


def connect(database: Database, slug: str, tenant_id: str = "tenant-1") -> None:
    with database.write() as session:
        consent_id = consent(session, slug).id
        user_id = person(session, slug, "cy@cy.example").id
        connections.attach(
            session,
            slug,
            tenant_id=tenant_id,
            tenant_name="Practice 1",
            xero_connection_id="x1",
            consent_id=consent_id,
            connected_by=user_id,
            now=NOW,
        )


def test_a_tenant_belongs_to_only_one_practice(database: Database) -> None:
    connect(database, "acme")
    with pytest.raises(TenantTaken):
        connect(database, "beta")
    with database.read() as session:
        assert connections.tenant_owner(session, "tenant-1") == "acme"
        assert connections.tenant_owner(session, "tenant-2") is None


def test_a_disconnected_practice_keeps_its_tenant(database: Database) -> None:
    connect(database, "acme")
    with database.write() as session:
        for step in PATHS[State.DISCONNECTED]:
            connections.move(session, "acme", step, now=LATER)
        assert connections.tenant_owner(session, "tenant-1") == "acme"
