"""`fyi-xpm practice notify` and `news`: who is told of troubles."""

import json

import pytest

from tests.cli.shell import MERE, SLUG, Installed, Shell, types
from xpm.pull.nights import begin_night
from xpm.store import activity, news
from xpm.words import message

HOOK = "https://hooks.chat.example/not-to-be-shown"
RUN = "8e6b2a3c-1f4d-4e5a-9b7c-0d1e2f3a4b5c"


def test_a_person_is_told_until_an_operator_removes_them(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    assert "Told of troubles: nobody." in fyi_xpm("practice", "news", SLUG).out
    assert "Told of troubles: Mere Tāne." in fyi_xpm("practice", "notify", SLUG, "--add", MERE).out
    assert json.loads(fyi_xpm("practice", "news", SLUG, "--json").out)["emails"] == [MERE]
    assert "Told of troubles: nobody." in fyi_xpm("practice", "notify", SLUG, "--remove", MERE).out
    with installed.database.read() as session:
        titles = [entry.title for entry in activity.recent(session, SLUG)]
    assert titles == [
        "An operator changed who is told of troubles: nobody",
        "An operator changed who is told of troubles: Mere Tāne",
    ]


def test_a_webhooks_address_is_asked_for_and_never_shown(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.add_practice()
    types(monkeypatch, f"{HOOK}\n")
    said = [fyi_xpm("practice", "notify", SLUG, "--webhook"), fyi_xpm("practice", "news", SLUG)]
    said.append(fyi_xpm("audit", "list", "--json"))
    assert [one.code for one in said] == [0, 0, 0]
    assert "Told of troubles: a webhook." in said[0].out
    assert HOOK not in "".join(one.out + one.err for one in said)
    with installed.integration() as integration, integration.database.read() as session:
        assert news.webhook(session, integration.vault, SLUG) == HOOK
    assert "nobody" in fyi_xpm("practice", "notify", SLUG, "--no-webhook").out


@pytest.mark.parametrize("typed", ["", "hooks.chat.example", "http://hooks.chat.example/x", "https://"])
def test_what_is_no_address_or_not_encrypted_is_refused(
    fyi_xpm: Shell, installed: Installed, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    installed.add_practice()
    types(monkeypatch, f"{typed}\n")
    said = fyi_xpm("practice", "notify", SLUG, "--webhook")
    assert (said.code, "no address of a webhook" in said.err) == (2, True)


def test_only_people_of_the_practice_are_told(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    said = fyi_xpm("practice", "notify", SLUG, "--add", "stranger@elsewhere.example")
    assert (said.code, "stranger@elsewhere.example" in said.err) == (2, True)


def test_nothing_to_change_is_wrong_input(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    assert fyi_xpm("practice", "notify", SLUG).code == 2


def test_troubles_that_are_not_over_are_listed(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    with installed.integration() as integration, integration.database.write() as session:
        begin_night(session, integration, SLUG, message("runbook.crashed"), RUN)
    assert "The run was stopped before it was finished" in fyi_xpm("practice", "news", SLUG).out
    (trouble,) = json.loads(fyi_xpm("practice", "news", SLUG, "--json").out)["troubles"]
    assert trouble["trouble"] == "night"


def test_the_doctor_finds_people_who_cannot_be_told(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    fyi_xpm("practice", "notify", SLUG, "--add", MERE)
    assert "News: People are to be told by email, but XPM_SMTP_URL or XPM_MAIL_FROM is not set" in fyi_xpm("doctor").out
