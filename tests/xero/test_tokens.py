import pytest
from pydantic import SecretStr

from tests.xero.fakes import START, token_set
from tests.xero.identity_server import access_token
from xpm.xero.tokens import TokenSet, access_token_claims, scopes_in


def test_a_token_set_does_not_show_its_tokens() -> None:
    tokens = token_set("secret")
    assert "access-secret" not in repr(tokens) + str(tokens) + tokens.model_dump_json()
    assert "refresh-secret" not in repr(tokens) + str(tokens) + tokens.model_dump_json()


def test_an_access_token_has_the_event_id_of_its_consent() -> None:
    tokens = TokenSet(access_token=SecretStr(access_token()), refresh_token=SecretStr("r"), expires_at=START)
    assert tokens.authentication_event_id == "event-1"


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "e30.e30", "ключ.ключ.ключ", "e30.W10.AA"])
def test_a_token_that_is_not_a_jwt_has_no_claims(token: str) -> None:
    assert access_token_claims(SecretStr(token)) == {}


@pytest.mark.parametrize(
    ("written", "scopes"),
    [
        ("openid  practicemanager", {"openid", "practicemanager"}),
        (["openid", "practicemanager", 5], {"openid", "practicemanager"}),
        ("", set()),
        (None, set()),
    ],
)
def test_scopes_are_read_from_a_string_or_an_array(written: object, scopes: set[str]) -> None:
    assert scopes_in(written) == scopes
