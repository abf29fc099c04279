"""`fyi-xpm keys`: a new key replaces the older ones, and nobody has to reconnect."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.shell import MERE, SLUG, Installed, Shell
from xpm.store import people
from xpm.store.consent import attempts, consents
from xpm.store.consent.consents import TokenPair, XeroLogin
from xpm.store.consent.vault import Vault

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NEW = Vault.new_key()


@pytest.fixture
def consented(installed: Installed) -> str:
    """Store a consent and an open attempt, with secrets sealed by the first key. Returns the consent's id."""
    installed.add_practice()
    vault = Vault([installed.key])
    with installed.database.write() as session:
        person = people.by_email(session, SLUG, MERE)
        assert person
        pair = TokenPair("access", "refresh", NOW)
        consent = consents.save_pending(
            session, vault, practice=SLUG, user_id=person.id, identity=XeroLogin(), scopes=[], tokens=pair, now=NOW
        )
        in_an_hour = NOW + timedelta(hours=1)
        attempt = attempts.open_attempt(session, practice=SLUG, user_id=person.id, expires_at=in_an_hour, now=NOW)
        attempts.set_out(
            session, vault, attempt.id, state="state", browser="browser", nonce="nonce", code_verifier="v", now=NOW
        )
        return consent.id


def have_keys(monkeypatch: pytest.MonkeyPatch, *keys: str) -> None:
    monkeypatch.setenv("XPM_ENCRYPTION_KEYS", ",".join(keys))


def key_line(doctor: str) -> str:
    return doctor.splitlines()[0]


def test_a_new_key_is_printed_without_any_configuration_and_can_be_used(fyi_xpm: Shell) -> None:
    made = [fyi_xpm("keys", "new") for _ in range(2)]
    assert [said.code for said in made] == [0, 0]
    assert made[0].out != made[1].out
    assert Vault([made[0].out.strip()]).seal("token", "place")


def test_after_a_rotation_the_newest_key_opens_everything(
    fyi_xpm: Shell, installed: Installed, consented: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_keys(monkeypatch, NEW, installed.key)
    said = fyi_xpm("keys", "rotate")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Stored secrets encrypted again with the newest key: 4.")
    assert "Older keys can be removed" in said.out
    with installed.database.write() as session:
        assert consents.tokens_of(session, Vault([NEW]), consented).refresh_token == "refresh"
        callback = attempts.use_up(session, Vault([NEW]), state="state", browser="browser", now=NOW)
        assert (callback.nonce, callback.code_verifier) == ("nonce", "v")
    assert fyi_xpm("keys", "rotate").out.startswith("Stored secrets encrypted again with the newest key: 0.")


def test_a_missing_key_is_reported_and_what_it_sealed_stays_as_it_is(
    fyi_xpm: Shell, installed: Installed, consented: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_keys(monkeypatch, NEW)
    said = fyi_xpm("keys", "rotate")
    assert (said.code, said.out.count("\n")) == (1, 1)
    assert "Stored secrets that none of the keys can decrypt: 4." in said.out
    with installed.database.read() as session:
        assert consents.tokens_of(session, Vault([installed.key]), consented).refresh_token == "refresh"


def test_the_doctor_reports_secrets_under_an_older_key_and_secrets_that_no_key_opens(
    fyi_xpm: Shell, installed: Installed, consented: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XERO_JWKS_URL", "http://127.0.0.1:9/jwks")
    monkeypatch.setenv("XPM_CONSOLE_URL", "http://127.0.0.1:9")
    assert key_line(fyi_xpm("doctor").out) == "✓ Encryption key"

    have_keys(monkeypatch, NEW, installed.key)
    older = key_line(fyi_xpm("doctor").out)
    assert older.startswith("✗ Encryption key: Stored secrets that are still encrypted with an older key: 4.")
    assert "fyi-xpm keys rotate" in older

    have_keys(monkeypatch, NEW)
    broken = key_line(fyi_xpm("doctor").out)
    assert broken.startswith("✗ Encryption key: Stored secrets that none of the keys can decrypt: 4.")


def test_without_a_key_there_is_nothing_to_rotate(fyi_xpm: Shell) -> None:
    said = fyi_xpm("keys", "rotate")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "fyi-xpm keys new" in said.err
