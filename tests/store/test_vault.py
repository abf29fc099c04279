"""The vault: a sealed secret opens only with its key, at its place, and unaltered."""

import hmac
from base64 import urlsafe_b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpm.store.consent.vault import Vault
from xpm.store.errors import NoKeys, SealBroken, UnknownKey

OLD, NEW = Vault.new_key(), Vault.new_key()
PLACE = "consent/1/refresh_token"


@given(secret=st.text(st.characters(codec="utf-8")), place=st.text(st.characters(codec="utf-8")))
def test_a_sealed_secret_opens_at_its_own_place(secret: str, place: str) -> None:
    vault = Vault([NEW])
    assert vault.open(vault.seal(secret, place), place) == secret


def test_sealing_the_same_secret_twice_gives_different_bytes() -> None:
    vault = Vault([NEW])
    assert vault.seal("token", PLACE) != vault.seal("token", PLACE)


def test_a_secret_does_not_open_at_another_place() -> None:
    vault = Vault([NEW])
    with pytest.raises(SealBroken):
        vault.open(vault.seal("token", PLACE), "consent/2/refresh_token")


@given(bit=st.integers(min_value=0))
def test_a_flipped_bit_is_refused(bit: int) -> None:
    vault = Vault([NEW])
    sealed = bytearray(vault.seal("token", PLACE))
    bit %= len(sealed) * 8
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((SealBroken, UnknownKey)):
        vault.open(bytes(sealed), PLACE)


@pytest.mark.parametrize("fragment", [b"", b"\x01", b"plain text that nobody sealed"])
def test_bytes_that_were_never_sealed_are_refused(fragment: bytes) -> None:
    with pytest.raises(SealBroken):
        Vault([NEW]).open(fragment, PLACE)


def test_a_missing_key_is_reported_as_unknown_key() -> None:
    sealed = Vault([OLD]).seal("token", PLACE)
    with pytest.raises(UnknownKey):
        Vault([NEW]).open(sealed, PLACE)


def test_older_keys_open_and_the_newest_key_seals() -> None:
    sealed = Vault([OLD]).seal("token", PLACE)
    vault = Vault([NEW, OLD])
    assert vault.open(sealed, PLACE) == "token"
    assert not vault.is_newest(sealed)
    resealed = vault.reseal(sealed, PLACE)
    assert vault.is_newest(resealed)
    assert Vault([NEW]).open(resealed, PLACE) == "token"


@pytest.mark.parametrize("keys", [[], ["not base64 at all"], ["c2hvcnQ="], [NEW, ""], ["ключ"]])
def test_a_vault_requires_valid_keys(keys: list[str]) -> None:
    with pytest.raises(NoKeys):
        Vault(keys)


def test_the_vault_and_its_errors_show_no_key_and_no_secret() -> None:
    vault = Vault([NEW, OLD])
    assert NEW not in repr(vault)
    with pytest.raises(SealBroken) as refusal:
        vault.open(vault.seal("s3cret", PLACE), "elsewhere")
    assert "s3cret" not in str(refusal.value)
    with pytest.raises(NoKeys) as refused:
        Vault(["c2hvcnQ="])
    assert "c2hvcnQ" not in str(refused.value)


def test_a_signature_is_of_one_content_one_purpose_and_one_key() -> None:
    older, newer = Vault([OLD]), Vault([NEW, OLD])
    signature = newer.sign(b"content", "trail")

    assert newer.is_signed(b"content", "trail", signature)
    assert not newer.is_signed(b"contents", "trail", signature)
    assert not newer.is_signed(b"content", "other", signature)
    assert newer.is_signed(b"content", "trail", older.sign(b"content", "trail"))
    assert older.sign(b"content", "trail").digits != signature.digits
    with pytest.raises(UnknownKey):
        older.is_signed(b"content", "trail", signature)


def test_no_key_is_used_to_sign_that_is_used_to_seal() -> None:
    vault, key = Vault([OLD]), urlsafe_b64decode(OLD)
    assert vault.sign(b"content", "trail").digits != hmac.digest(key, b"content", "sha256").hex()
