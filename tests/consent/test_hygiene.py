"""Connections at Xero, tokens and keys that FYI no longer uses are removed."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

from sandbox.identity.connections import PRACTICE
from sandbox.world import COASTAL_BRANCH, HARBOUR_VALE, LEO, MERE, SAM
from tests.consent.harbour import Harbour, move_in
from xpm.account.disconnect import disconnect, plan_disconnect
from xpm.consent import keys
from xpm.consent.keeper import ConsentKeeper
from xpm.consent.removal import remove_superseded
from xpm.integration import Integration
from xpm.store.consent.sealed import Seal
from xpm.store.consent.vault import Vault
from xpm.store.errors import SealBroken, UnknownKey
from xpm.store.vocabulary import ConnectionState, ConsentStatus
from xpm.words import Message, Stopped

GONE = (None, None, None)


def at_xero(harbour: Harbour) -> set[tuple[str, str]]:
    """List who has connected which account at Xero; Sam's consents also connect a ledger."""
    practices = harbour.world.connections.where(lambda known: known.tenant_type == PRACTICE)
    return {(known.email, known.tenant_id) for known in practices}


def tidy(harbour: Harbour, run: str = "run-2") -> list[Message]:
    return remove_superseded(harbour.integration, harbour.slug, flow_run_id=run)


def stored(harbour: Harbour, consent_id: str) -> tuple[str | None, str | None, str | None]:
    tokens = harbour.tokens(consent_id)
    return tokens.access_token, tokens.refresh_token, tokens.previous_refresh_token


@pytest.fixture
def handed_over(connected: Harbour) -> tuple[Harbour, str]:
    """A practice that Mere connected and Sam reconnected, and the id of Mere's consent."""
    mine = connected.active_consent().id
    connected.connect(SAM, run="run-2")
    return connected, mine


# Clean-up after an earlier consent


def test_after_a_hand_over_the_old_connection_is_removed_and_its_tokens_forgotten(
    handed_over: tuple[Harbour, str],
) -> None:
    harbour, former = handed_over
    before = harbour.entries()
    assert at_xero(harbour) == {(MERE, HARBOUR_VALE), (SAM, HARBOUR_VALE)}
    assert tidy(harbour) == []
    assert at_xero(harbour) == {(SAM, HARBOUR_VALE)}
    assert stored(harbour, former) == GONE
    assert harbour.tokens(harbour.active_consent().id).refresh_token
    assert harbour.entries() == before


def test_nothing_is_removed_before_the_new_consent_takes_over(connected: Harbour) -> None:
    invitation = connected.invite(SAM, "run-2")
    connected.consent(invitation)
    assert tidy(connected) == []
    assert at_xero(connected) == {(MERE, HARBOUR_VALE), (SAM, HARBOUR_VALE)}
    assert connected.tokens(connected.connection().consent_id or "").refresh_token


def test_nothing_is_removed_during_the_next_reconnect(handed_over: tuple[Harbour, str]) -> None:
    harbour, former = handed_over
    harbour.invite(MERE, "run-3")  # under way: an old connection may soon be used again
    assert tidy(harbour) == []
    assert (MERE, HARBOUR_VALE) in at_xero(harbour)
    assert harbour.tokens(former).refresh_token


def test_a_reconnect_by_the_same_person_keeps_the_connection_both_consents_share(connected: Harbour) -> None:
    former, connection = connected.active_consent().id, connected.connection().xero_connection_id
    connected.connect(run="run-2")
    assert connected.connection().xero_connection_id == connection
    assert tidy(connected) == []
    assert at_xero(connected) == {(MERE, HARBOUR_VALE)}
    assert stored(connected, former) == GONE


def test_the_persons_connections_of_other_practices_stay(handed_over: tuple[Harbour, str]) -> None:
    harbour, _ = handed_over
    move_in(harbour.integration, "coastal", "Coastal Branch")
    coastal = replace(harbour, slug="coastal")
    coastal.connect(run="run-c", tenant=COASTAL_BRANCH)
    tidy(harbour)
    assert at_xero(harbour) == {(SAM, HARBOUR_VALE), (MERE, COASTAL_BRANCH)}
    keeper = ConsentKeeper(coastal.integration, coastal.active_consent().id)
    assert keeper.renew(keeper.current())


def test_an_outage_at_xero_is_an_alert_and_the_next_try_succeeds(handed_over: tuple[Harbour, str]) -> None:
    harbour, former = handed_over
    harbour.fault("connections", "maintenance")
    (said,) = tidy(harbour)
    assert harbour.entries()[-1] == said.key == "disconnect.former_not_removed"
    assert "Mere Tāne" in said.next
    assert harbour.tokens(former).refresh_token
    assert harbour.connection().state is ConnectionState.CONNECTED
    assert tidy(harbour) == []
    assert (at_xero(harbour), stored(harbour, former)) == ({(SAM, HARBOUR_VALE)}, GONE)


def test_a_dead_consent_is_forgotten_and_only_the_log_says_nothing_could_be_removed(
    connected: Harbour, caplog: pytest.LogCaptureFixture
) -> None:
    former = connected.active_consent().id
    connected.world.grants.revoke(MERE)
    connected.connect(SAM, run="run-2")
    before = connected.entries()
    with caplog.at_level(logging.INFO, "xpm.consent.removal"):
        assert tidy(connected) == []
    assert "can no longer be removed" in caplog.text
    assert (connected.entries(), stored(connected, former)) == (before, GONE)


def test_an_old_consent_that_no_key_decrypts_does_not_block_the_clean_up(handed_over: tuple[Harbour, str]) -> None:
    harbour, former = handed_over
    other_key = replace(harbour, integration=replace(harbour.integration, vault=Vault([Vault.new_key()])))
    assert tidy(other_key) == []
    assert harbour.consent_row(former).refresh_token is None


# Connections made in a consent by the wrong person


def test_the_connections_of_a_refused_consent_are_removed(harbour: Harbour, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "xpm"):
        assert harbour.consent(harbour.invite(MERE), SAM).message.key == "consent.other_person"
    assert harbour.world.connections.where() == []  # the ledger's connection is removed too
    assert "Removed connection" in caplog.text
    assert "Bearer" not in caplog.text


def test_a_connection_in_use_stays_when_the_wrong_person_consents_to_it_again(connected: Harbour) -> None:
    assert connected.consent(connected.invite(SAM), MERE).message.key == "consent.other_person"
    assert at_xero(connected) == {(MERE, HARBOUR_VALE)}


def test_earlier_connections_of_the_wrong_person_stay(harbour: Harbour) -> None:
    known = harbour.world.connections
    known.connect(SAM, "FYI-XPM-SANDBOX", COASTAL_BRANCH, PRACTICE, "another-event")
    harbour.consent(harbour.invite(MERE), SAM)
    assert at_xero(harbour) == {(SAM, COASTAL_BRANCH)}


def test_connections_the_wrong_person_may_be_about_to_use_elsewhere_stay(harbour: Harbour) -> None:
    move_in(harbour.integration, "coastal", "Coastal Branch")
    coastal = replace(harbour, slug="coastal")
    invitation = coastal.invite(SAM, "run-c")
    coastal.consent(invitation, tenants=(COASTAL_BRANCH,))
    harbour.consent(harbour.invite(MERE), SAM, tenants=(COASTAL_BRANCH,))
    assert (SAM, COASTAL_BRANCH) in at_xero(harbour)


def test_a_refusal_stays_the_same_when_nothing_can_be_removed_at_xero(
    harbour: Harbour, caplog: pytest.LogCaptureFixture
) -> None:
    harbour.fault("connections", "maintenance", times=0)
    assert harbour.consent(harbour.invite(MERE), SAM).message.key == "consent.other_person"
    assert "could not be removed" in caplog.text


# Disconnecting on purpose


def test_a_disconnect_ends_access_at_xero_and_here_and_remembers_the_account(connected: Harbour) -> None:
    consent, before = connected.active_consent().id, connected.connection()
    said = disconnect(connected.integration, plan_disconnect(connected.integration, connected.slug), LEO)
    after = connected.connection()
    assert (said.key, at_xero(connected)) == ("disconnect.done", set())
    assert (after.state, after.reason_key) == (ConnectionState.DISCONNECTED, "disconnect.done")
    assert (after.tenant_id, after.tenant_name) == (before.tenant_id, before.tenant_name)
    assert (after.consent_id, after.xero_connection_id) == (None, None)
    assert connected.consent_row(consent).status is ConsentStatus.REFUSED
    assert stored(connected, consent) == GONE
    assert connected.entries()[-1] == "disconnect.done"
    assert connected.transitions()[-1].person == LEO


def test_a_disconnect_also_forgets_the_tokens_of_earlier_consents(handed_over: tuple[Harbour, str]) -> None:
    harbour, former = handed_over
    disconnect(harbour.integration, plan_disconnect(harbour.integration, harbour.slug))
    assert stored(harbour, former) == GONE


@pytest.mark.parametrize("kind", ["removed at Xero", "forbidden", "unauthorized", "revoked"])
def test_a_disconnect_works_and_says_so_when_xero_has_already_ended_the_access(connected: Harbour, kind: str) -> None:
    if kind == "removed at Xero":
        connected.world.connections.remove(lambda _: True)
    elif kind == "revoked":
        connected.world.grants.revoke(MERE)
    else:
        connected.fault("connections", kind, times=0)
    said = disconnect(connected.integration, plan_disconnect(connected.integration, connected.slug))
    assert said.key == "disconnect.gone"
    assert connected.connection().state is ConnectionState.DISCONNECTED


@contextmanager
def nothing_changes(harbour: Harbour) -> Iterator[None]:
    before = (harbour.facts(), harbour.entries(), harbour.states())
    yield
    assert (harbour.facts(), harbour.entries(), harbour.states()) == before


def test_a_disconnect_changes_nothing_during_an_outage_at_xero(connected: Harbour) -> None:
    connected.fault("connections", "maintenance", times=0)
    with nothing_changes(connected), pytest.raises(Stopped) as stopped:
        disconnect(connected.integration, plan_disconnect(connected.integration, connected.slug))
    assert stopped.value.message.key == "disconnect.failed"
    assert at_xero(connected) == {(MERE, HARBOUR_VALE)}


def test_a_wrong_client_secret_keeps_the_connection(connected: Harbour) -> None:
    connected.world.apps["FYI-XPM-SANDBOX"].secret = "another-secret"
    connected.world.clock.advance(3_600)
    with pytest.raises(Stopped) as stopped:
        disconnect(connected.integration, plan_disconnect(connected.integration, connected.slug))
    assert stopped.value.message.key == "consent.app_misconfigured"
    assert connected.connection().state is ConnectionState.CONNECTED


def test_nothing_is_disconnected_during_a_reconnect(connected: Harbour) -> None:
    connected.invite(run="run-2")
    with nothing_changes(connected), pytest.raises(Stopped) as stopped:
        plan_disconnect(connected.integration, connected.slug)
    assert stopped.value.message.key == "disconnect.under_way"


def test_a_disconnect_does_not_undo_a_reconnect_that_began_meanwhile(connected: Harbour) -> None:
    plan = plan_disconnect(connected.integration, connected.slug)
    connected.connect(run="run-2")
    with pytest.raises(Stopped) as stopped:
        disconnect(connected.integration, plan)
    assert stopped.value.message.key == "disconnect.under_way"
    assert connected.active_consent().id == connected.connection().consent_id


def test_a_practice_without_a_connection_cannot_be_disconnected(harbour: Harbour) -> None:
    with pytest.raises(Stopped) as stopped:
        plan_disconnect(harbour.integration, harbour.slug)
    assert stopped.value.message.key == "disconnect.nothing"


# Older keys


@pytest.mark.also_on_postgresql("two writers at once")
def test_keys_rotate_while_tokens_are_renewed(connected: Harbour, patient: Integration) -> None:
    consent = connected.active_consent().id
    old = connected.integration.settings.xpm_encryption_keys[0].get_secret_value()
    new = Vault.new_key()
    both = replace(patient, vault=Vault([new, old]))

    def renew_again_and_again() -> None:
        keeper = ConsentKeeper(both, consent)
        for _ in range(8):
            keeper.renew(keeper.current())

    with ThreadPoolExecutor(2) as others:
        renewing = [others.submit(renew_again_and_again) for _ in range(2)]
        rotated = [keys.rotate(both) for _ in range(5)]
        for work in renewing:
            work.result()
    assert rotated[-1][1][Seal.OLDER] == 0
    newest = replace(both, vault=Vault([new]))
    keeper = ConsentKeeper(newest, consent)
    assert keeper.renew(keeper.current())
    assert connected.connection().state is ConnectionState.CONNECTED


def test_rotation_counts_what_it_resealed_and_leaves_what_no_key_decrypts(handed_over: tuple[Harbour, str]) -> None:
    harbour, _ = handed_over
    old = harbour.integration.settings.xpm_encryption_keys[0].get_secret_value()
    new = Vault.new_key()
    resealed, seals = keys.rotate(replace(harbour.integration, vault=Vault([new, old])))
    assert (resealed, seals) == (4, {Seal.NEWEST: 5})  # two tokens of each consent; the trail's head is signed again
    resealed, seals = keys.rotate(replace(harbour.integration, vault=Vault([old])))
    assert (resealed, seals) == (0, {Seal.BROKEN: 5})
    with pytest.raises(UnknownKey):
        harbour.tokens(harbour.active_consent().id)


def test_tokens_moved_to_another_consent_count_as_broken_and_cannot_be_decrypted(
    handed_over: tuple[Harbour, str],
) -> None:
    harbour, former = handed_over
    present = harbour.active_consent().id
    stolen = harbour.consent_row(former).refresh_token
    with harbour.database.write() as session:
        row = harbour.consent_row(present)
        row.refresh_token = stolen
        session.merge(row)
    with pytest.raises(SealBroken):
        harbour.tokens(present)
    assert keys.rotate(harbour.integration) == (0, {Seal.NEWEST: 4, Seal.BROKEN: 1})
