"""The vault: what it seals opens only with its key, at its place, unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpm.store.consent.vault import Vault
from xpm.store.errors import NoKeys, SealBroken, UnknownKey

OLD, NEW = Vault.new_key(), Vault.new_key()
PLACE = "consent/1/refresh_token"


@given(secret=st.text(st.characters(codec="utf-8")), place=st.text(st.characters(codec="utf-8")))
def test_what_is_sealed_opens_at_its_place(secret: str, place: str) -> None:
    vault = Vault([NEW])
    assert vault.open(vault.seal(secret, place), place) == secret


def test_the_same_secret_never_looks_the_same_twice() -> None:
    vault = Vault([NEW])
    assert vault.seal("token", PLACE) != vault.seal("token", PLACE)


def test_another_place_is_refused() -> None:
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
def test_what_was_never_sealed_is_refused(fragment: bytes) -> None:
    with pytest.raises(SealBroken):
        Vault([NEW]).open(fragment, PLACE)


def test_a_key_that_is_gone_is_named_as_the_cause() -> None:
    sealed = Vault([OLD]).seal("token", PLACE)
    with pytest.raises(UnknownKey):
        Vault([NEW]).open(sealed, PLACE)


def test_older_keys_open_and_the_newest_seals() -> None:
    sealed = Vault([OLD]).seal("token", PLACE)
    vault = Vault([NEW, OLD])
    assert vault.open(sealed, PLACE) == "token"
    assert not vault.is_newest(sealed)
    resealed = vault.reseal(sealed, PLACE)
    assert vault.is_newest(resealed)
    assert Vault([NEW]).open(resealed, PLACE) == "token"


@pytest.mark.parametrize("keys", [[], ["not base64 at all"], ["c2hvcnQ="], [NEW, ""], ["ключ"]])
def test_without_a_proper_key_there_is_no_vault(keys: list[str]) -> None:
    with pytest.raises(NoKeys):
        Vault(keys)


def test_neither_the_vault_nor_its_refusals_show_a_key_or_a_secret() -> None:
    vault = Vault([NEW, OLD])
    assert NEW not in repr(vault)
    with pytest.raises(SealBroken) as refusal:
        vault.open(vault.seal("s3cret", PLACE), "elsewhere")
    assert "s3cret" not in str(refusal.value)
    with pytest.raises(NoKeys) as refused:
        Vault(["c2hvcnQ="])
    assert "c2hvcnQ" not in str(refused.value)
