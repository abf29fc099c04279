"""Attempts: one browser, one callback, before the expiry."""

import datetime as dt

import pytest
from sqlmodel import Session

from tests.processes import FORKED
from tests.store.kit import KEY, LATER, NOW, VAULT, another, person, practice
from tests.store.workers import run, use_callback
from xpm.store.consent import attempts, consents
from xpm.store.engine.database import Database
from xpm.store.errors import AttemptExpired, AttemptUsed, UnknownAttempt, WrongBrowser
from xpm.store.vocabulary import AttemptOutcome, ConsentStatus

pytestmark = pytest.mark.also_on_postgresql("the store itself")

LATEST = NOW + dt.timedelta(hours=2)


def begun(session: Session, state: str = "state-1") -> str:
    practice(session)
    attempt = attempts.open_attempt(
        session, practice="acme", user_id=person(session).id, flow_run_id="f1", expires_at=LATEST, now=NOW
    )
    set_out(session, attempt.id, state)
    return attempt.id


def set_out(session: Session, attempt_id: str, state: str, now: dt.datetime = NOW) -> None:
    attempts.set_out(
        session,
        VAULT,
        attempt_id,
        state=state,
        browser="browser-1",
        nonce="nonce-1",
        code_verifier="verifier-1",
        now=now,
    )


def test_a_callback_gets_the_nonce_and_verifier_of_its_attempt(database: Database) -> None:
    with database.write() as session:
        attempt_id = begun(session)
        callback = attempts.use_up(session, VAULT, state="state-1", browser="browser-1", now=LATER)
        assert (callback.attempt.id, callback.attempt.used_at) == (attempt_id, LATER)
        assert (callback.nonce, callback.code_verifier) == ("nonce-1", "verifier-1")
        assert "verifier-1" not in repr(callback)


def test_a_second_callback_is_refused(database: Database) -> None:
    with database.write() as session:
        begun(session)
        attempts.use_up(session, VAULT, state="state-1", browser="browser-1", now=LATER)
    with database.write() as session, pytest.raises(AttemptUsed):
        attempts.use_up(session, VAULT, state="state-1", browser="browser-1", now=LATER)


def test_only_one_of_several_simultaneous_callbacks_is_accepted(database: Database) -> None:
    with database.write() as session:
        begun(session)
    url = database.url.render_as_string(hide_password=False)
    barrier, answers = FORKED.Barrier(3), FORKED.SimpleQueue()
    run([FORKED.Process(target=use_callback, args=(url, KEY, barrier, answers)) for _ in range(3)])
    assert sorted(answers.get() for _ in range(3)) == ["taken", "used", "used"]


def test_another_browser_is_refused_and_does_not_use_the_attempt(database: Database) -> None:
    with database.write() as session:
        begun(session)
        with pytest.raises(WrongBrowser):
            attempts.use_up(session, VAULT, state="state-1", browser="browser-2", now=LATER)
        assert attempts.use_up(session, VAULT, state="state-1", browser="browser-1", now=LATER)


def test_an_unknown_state_is_refused(database: Database) -> None:
    with database.write() as session:
        begun(session)
        with pytest.raises(UnknownAttempt):
            attempts.use_up(session, VAULT, state="state-2", browser="browser-1", now=LATER)


def test_starting_again_replaces_the_state_and_allows_a_new_callback(database: Database) -> None:
    with database.write() as session:
        attempt_id = begun(session)
        attempts.use_up(session, VAULT, state="state-1", browser="browser-1", now=NOW)
        set_out(session, attempt_id, "state-2", LATER)
        with pytest.raises(UnknownAttempt):
            attempts.use_up(session, VAULT, state="state-1", browser="browser-1", now=LATER)
        assert attempts.use_up(session, VAULT, state="state-2", browser="browser-1", now=LATER)


def test_an_expired_attempt_accepts_nothing(database: Database) -> None:
    with database.write() as session:
        attempt_id = begun(session)
        with pytest.raises(AttemptExpired):
            attempts.use_up(session, VAULT, state="state-1", browser="browser-1", now=LATEST)
        with pytest.raises(AttemptExpired):
            set_out(session, attempt_id, "state-2", LATEST)
        assert attempts.close(session, attempt_id, AttemptOutcome.EXPIRED, now=LATEST)
        with pytest.raises(AttemptExpired):
            attempts.use_up(session, VAULT, state="state-1", browser="browser-1", now=LATER)


def test_an_attempt_is_closed_once_and_loses_its_secrets(database: Database) -> None:
    with database.write() as session:
        attempt_id = begun(session)
        assert attempts.close(session, attempt_id, AttemptOutcome.DECLINED, reason_key="declined", now=LATER)
        assert not attempts.close(session, attempt_id, AttemptOutcome.GRANTED, now=LATER)
        closed = attempts.get(session, attempt_id)
        assert (closed.outcome, closed.reason_key, closed.closed_at) == (AttemptOutcome.DECLINED, "declined", LATER)
        assert (closed.nonce, closed.code_verifier) == (None, None)
        with pytest.raises(AttemptUsed):
            attempts.use_up(session, VAULT, state="state-1", browser="browser-1", now=LATER)
        with pytest.raises(AttemptUsed):
            set_out(session, attempt_id, "state-2", LATER)


def test_a_retried_run_finds_its_consent_while_it_is_usable(database: Database) -> None:
    with database.write() as session:
        attempt = attempts.get(session, begun(session))
        assert attempts.granted_to(session, "f1") is None
        consent_id = another(session, attempt.user_id).id
        attempts.close(session, attempt.id, AttemptOutcome.GRANTED, consent_id=consent_id, now=LATER)
        attempts.choose(session, attempt.id, tenant_id="t1", tenant_name="Practice 1", xero_connection_id="x1")
    with database.write() as session:
        granted = attempts.granted_to(session, "f1")
        assert granted
        assert (granted.consent_id, granted.tenant_id, granted.tenant_name) == (consent_id, "t1", "Practice 1")
        assert attempts.granted_to(session, "f2") is None
        consents.end(session, consent_id, ConsentStatus.REFUSED)
        assert attempts.granted_to(session, "f1") is None


def test_state_browser_and_secrets_are_not_stored_in_plain_text(database: Database) -> None:
    with database.write() as session:
        kept = attempts.get(session, begun(session))
        for column in (kept.state_hash, kept.browser_hash, kept.nonce, kept.code_verifier):
            assert column
            assert not {b"state-1", b"browser-1", b"nonce-1", b"verifier-1"} & {column}
            assert repr(column) not in repr(kept)
