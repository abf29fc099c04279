"""`fyi-xpm api-token`: programs of FYI are let in to one practice, and shut out again."""

from datetime import timedelta

import pytest

from tests.cli.shell import SLUG, Installed, Shell
from xpm.access import tokens
from xpm.access.tokens import PREFIX
from xpm.store.tables import ApiToken


@pytest.fixture
def practice(installed: Installed) -> Installed:
    """An installation with two practices."""
    installed.add_practice()
    installed.add_practice("coastal")
    return installed


def made(fyi_xpm: Shell, *options: str, name: str = "documents") -> str:
    said = fyi_xpm("api-token", "make", SLUG, "--name", name, *options)
    assert (said.code, said.err, said.out.count("\n")) == (0, "", 1)
    return said.out.strip()


def found(installed: Installed, secret: str, practice: str = SLUG, days: float = 0) -> ApiToken | None:
    """What a program gets that sends this, so many days from now."""
    with installed.integration() as opened:
        later = opened.clock() + timedelta(days=days)
        object.__setattr__(opened, "clock", lambda: later)
        return tokens.find(opened, secret, practice)


def test_a_token_lets_in_to_its_practice_alone_until_it_expires(fyi_xpm: Shell, practice: Installed) -> None:
    secret = made(fyi_xpm, "--days", "30")

    assert secret.startswith(PREFIX)
    token = found(practice, secret)
    assert token
    assert token.may_edit
    assert [found(practice, secret, days=days) is None for days in (29.9, 30)] == [False, True]
    assert found(practice, secret, practice="coastal") is None
    assert found(practice, secret[:-1]) is None


def test_a_token_lasts_a_year_unless_somebody_says_otherwise(fyi_xpm: Shell, practice: Installed) -> None:
    secret = made(fyi_xpm)

    assert [found(practice, secret, days=days) is None for days in (364.9, 365)] == [False, True]
    assert fyi_xpm("api-token", "make", SLUG, "--name", "other", "--days", "731").code == 2


def test_a_revoked_token_lets_nobody_in(fyi_xpm: Shell, practice: Installed) -> None:
    first, second = made(fyi_xpm), made(fyi_xpm, name="planner")
    with practice.integration() as opened:
        id_of_second = tokens.of_practice(opened, SLUG)[1].digest[:12]

    assert fyi_xpm("api-token", "revoke", "coastal", "documents").code == 2
    assert fyi_xpm("api-token", "revoke", SLUG, "documents").code == 0
    assert fyi_xpm("api-token", "revoke", SLUG, id_of_second).code == 0

    assert (found(practice, first), found(practice, second)) == (None, None)
    assert fyi_xpm("api-token", "revoke", SLUG, "documents").code == 2


def test_a_name_belongs_to_one_token_and_is_free_again_once_that_is_revoked(
    fyi_xpm: Shell, practice: Installed
) -> None:
    first = made(fyi_xpm)
    again = fyi_xpm("api-token", "make", SLUG, "--name", "documents")
    assert (again.code, again.out) == (2, "")
    assert "has a token with the name documents already" in again.err

    fyi_xpm("api-token", "revoke", SLUG, "documents")
    second = made(fyi_xpm, "--read-only")

    token = found(practice, second)
    assert token
    assert (found(practice, first), token.may_edit) == (None, False)


def test_a_token_is_stored_and_shown_nowhere_and_the_day_of_its_use_is(fyi_xpm: Shell, practice: Installed) -> None:
    secret = made(fyi_xpm)
    assert "never" in fyi_xpm("api-token", "list", SLUG).out

    found(practice, secret)

    shown = fyi_xpm("api-token", "list", SLUG)
    assert "never" not in shown.out
    trail = fyi_xpm("audit", "list", SLUG, "--json").out
    assert '"make_api_token"' in trail
    with practice.database.read() as session:
        everything = "\n".join(session.connection().connection.driver_connection.iterdump())  # type: ignore[union-attr]
    assert "documents" in everything
    assert not any(secret in text or secret[len(PREFIX) :] in text for text in (shown.out, trail, everything))
