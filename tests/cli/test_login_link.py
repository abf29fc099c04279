"""`fyi-xpm login-link`: whoever has a shell here can log a known person in, and nobody else."""

import pytest

from tests.cli.shell import MERE, Installed, Shell
from xpm.store.access import links

OPERATOR = "ops@fyi.example"


@pytest.mark.parametrize("email", [MERE, MERE.upper(), OPERATOR])
def test_a_user_or_an_operator_gets_a_link_that_works(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    monkeypatch.setenv("XPM_OPERATORS", OPERATOR)
    installed.add_practice()
    printed = fyi_xpm("login-link", email)
    assert (printed.code, printed.err) == (0, "")
    address, _, token = printed.out.strip().rpartition("/")
    assert address == "http://127.0.0.1:4280/login/link"
    with installed.integration() as opened, opened.database.write() as session:
        assert links.use(session, token, opened.clock()) == email.lower()
        assert links.use(session, token, opened.clock()) is None


def test_nobody_else_gets_a_link(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    refused = fyi_xpm("login-link", "nobody@else.example")
    assert (refused.code, refused.out) == (2, "")
    assert "fyi-xpm user add" in refused.err
