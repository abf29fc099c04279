"""Consents: tokens are sealed, rotated once per generation, and superseded by the next consent."""

import pytest

from tests.store.kit import EXPIRY, LATER, NOW, VAULT, another, consent, pair
from xpm.store.consent import consents
from xpm.store.engine.database import Database
from xpm.store.errors import SealBroken, UnknownConsent
from xpm.store.vocabulary import ConsentStatus

pytestmark = pytest.mark.also_on_postgresql("the store itself")


def test_a_new_consent_is_pending_and_its_tokens_can_be_opened(database: Database) -> None:
    with database.write() as session:
        consent_id = consent(session).id
    with database.read() as session:
        found = consents.get(session, consent_id)
        assert (found.status, found.generation, found.xero_userid) == (ConsentStatus.PENDING, 0, "xu-1")
        assert found.scopes == ["practicemanager.client.read", "offline_access"]
        tokens = consents.tokens_of(session, VAULT, consent_id)
        assert (tokens.access_token, tokens.refresh_token) == ("access-0", "refresh-0")
        assert (tokens.previous_refresh_token, tokens.access_expires_at) == (None, EXPIRY)


def test_no_token_is_readable_in_the_database_or_in_a_repr(database: Database) -> None:
    with database.write() as session:
        row = consent(session)
        assert b"refresh-0" not in (row.refresh_token or b"")
        for shown in (row, pair(0), consents.tokens_of(session, VAULT, row.id)):
            assert "access-0" not in repr(shown)
            assert "refresh-0" not in repr(shown)
            assert repr(row.refresh_token) not in repr(shown)


def test_a_token_copied_to_another_column_cannot_be_opened(database: Database) -> None:
    with database.write() as session:
        row = consent(session)
        row.access_token = row.refresh_token
        session.flush()
        with pytest.raises(SealBroken):
            consents.tokens_of(session, VAULT, row.id)


def test_a_rotation_keeps_the_previous_refresh_token_and_clears_the_refresh_start(database: Database) -> None:
    with database.write() as session:
        consent_id = consent(session).id
        assert consents.note_refresh(session, consent_id, 0, LATER)
        assert consents.tokens_of(session, VAULT, consent_id).refresh_started_at == LATER
        assert consents.store_rotation(session, VAULT, consent_id, 0, tokens=pair(1), now=LATER)
    with database.read() as session:
        tokens = consents.tokens_of(session, VAULT, consent_id)
        assert (tokens.access_token, tokens.refresh_token) == ("access-1", "refresh-1")
        assert (tokens.previous_refresh_token, tokens.generation) == ("refresh-0", 1)
        assert (tokens.refresh_started_at, tokens.refreshed_at) == (None, LATER)


def test_of_two_rotations_of_one_generation_the_first_is_kept(database: Database) -> None:
    with database.write() as session:
        consent_id = consent(session).id
    with database.write() as session:
        assert consents.store_rotation(session, VAULT, consent_id, 0, tokens=pair(1), now=NOW)
    with database.write() as session:
        assert not consents.store_rotation(session, VAULT, consent_id, 0, tokens=pair(2), now=LATER)
        assert not consents.note_refresh(session, consent_id, 0, LATER)
        tokens = consents.tokens_of(session, VAULT, consent_id)
        assert (tokens.refresh_token, tokens.generation, tokens.refresh_started_at) == ("refresh-1", 1, None)


def test_activating_a_consent_supersedes_the_previous_one(database: Database) -> None:
    with database.write() as session:
        first = consent(session)
        beta = consent(session, "beta")
        consents.activate(session, first.id)
        consents.activate(session, beta.id)
        second = another(session, first.user_id)
        assert consents.get(session, first.id).status is ConsentStatus.ACTIVE
        consents.activate(session, second.id)
        consents.activate(session, second.id)
        assert consents.get(session, first.id).status is ConsentStatus.SUPERSEDED
        assert consents.get(session, second.id).status is ConsentStatus.ACTIVE
        assert consents.get(session, beta.id).status is ConsentStatus.ACTIVE


def test_ending_a_consent_can_delete_its_tokens(database: Database) -> None:
    with database.write() as session:
        consent_id = consent(session).id
        consents.end(session, consent_id, ConsentStatus.LOST)
        assert consents.tokens_of(session, VAULT, consent_id).refresh_token == "refresh-0"
        consents.end(session, consent_id, ConsentStatus.REFUSED, forget_tokens=True)
        tokens = consents.tokens_of(session, VAULT, consent_id)
        assert (tokens.access_token, tokens.refresh_token, tokens.previous_refresh_token) == (None, None, None)
        assert consents.get(session, consent_id).status is ConsentStatus.REFUSED


def test_a_refresh_in_progress_does_not_restore_deleted_tokens(database: Database) -> None:
    with database.write() as session:
        consent_id = consent(session).id
        generation = consents.get(session, consent_id).generation
        consents.end(session, consent_id, ConsentStatus.REFUSED, forget_tokens=True)
        assert not consents.store_rotation(session, VAULT, consent_id, generation, tokens=pair(1), now=LATER)
        assert consents.get(session, consent_id).refresh_token is None


def test_a_token_copied_to_another_consent_cannot_be_opened(database: Database) -> None:
    with database.write() as session:
        mine = consent(session)
        theirs = another(session, mine.user_id)
        mine.refresh_token = theirs.refresh_token
        session.flush()
        with pytest.raises(SealBroken):
            consents.tokens_of(session, VAULT, mine.id)


def test_an_unknown_consent_id_is_refused(database: Database) -> None:
    with database.write() as session, pytest.raises(UnknownConsent):
        consents.activate(session, "nothing")
