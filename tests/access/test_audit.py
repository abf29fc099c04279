"""Who did what is written down together with the act, and never with a secret."""

from datetime import timedelta
from typing import Any

import pytest

from tests.access.conftest import SECRETS
from tests.store.kit import LATER, NOW, practice
from xpm.access import audit
from xpm.access.actor import NOBODY, Actor, ActorKind
from xpm.access.audit import Action, AuditOutcome
from xpm.access.masking import MASK, MOST, SecretInTrail, secret_settings
from xpm.installation import Installation
from xpm.settings import Settings
from xpm.store import practices
from xpm.store.audit import entries
from xpm.store.audit.verification import verify
from xpm.store.tables import AuditEntry
from xpm.words import stop

ANA = Actor(ActorKind.PERSON, "ana@acme.example", session="0123456789abcdef0123", address="203.0.113.7")


def lines(installation: Installation) -> list[AuditEntry]:
    with installation.database.read() as session:
        return list(entries.in_order(session))


def is_whole(installation: Installation) -> bool:
    with installation.database.read() as session:
        return not verify(session, installation.vault).breaks


@pytest.mark.also_on_postgresql("JSON and moments")
def test_a_line_says_who_did_what_to_what_and_how_it_ended(installation: Installation) -> None:
    with installation.database.write() as session:
        audit.record(
            session,
            installation,
            ANA,
            Action.CHANGE_SETTINGS,
            now=NOW,
            practice="acme",
            resource="settings",
            before={"maintain_jobs": False},
            after={"maintain_jobs": True},
            detail="settings.changed",
        )
    (line,) = lines(installation)
    assert (line.at, line.actor_kind, line.actor, line.address) == (NOW, "person", "ana@acme.example", "203.0.113.7")
    assert (line.action, line.practice, line.resource, line.outcome) == ("change_settings", "acme", "settings", "done")
    assert (line.before, line.after, line.detail) == (
        {"maintain_jobs": False},
        {"maintain_jobs": True},
        "settings.changed",
    )
    assert is_whole(installation)


def test_of_a_session_only_the_first_characters_of_its_digest_are_kept(installation: Installation) -> None:
    audit.record_alone(installation, ANA, Action.LOGIN)
    assert lines(installation)[0].session == "0123456789ab"


@pytest.mark.also_on_postgresql("transactions")
def test_an_act_that_fails_leaves_no_line_and_a_line_that_fails_leaves_no_act(installation: Installation) -> None:
    def act(*, fails: bool) -> None:
        with installation.database.write() as session:
            practice(session)
            secret = {"xero_client_secret": "x"} if not fails else None
            audit.record(session, installation, ANA, Action.ADD_PRACTICE, now=NOW, after=secret)
            if fails:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act(fails=True)
    with pytest.raises(SecretInTrail):
        act(fails=False)
    with installation.database.read() as session:
        assert practices.all_of_them(session) == []
    assert lines(installation) == []


def test_a_refused_attempt_is_recorded_although_its_transaction_is_undone(installation: Installation) -> None:
    def attempt() -> None:
        with (
            audit.recording_refusals(installation, ANA, Action.CHOOSE_ACCOUNT, practice="acme", resource="Branch"),
            installation.database.write() as session,
        ):
            practice(session)
            raise stop("choice.different", practice="Acme", stored="Head office", tenant="Branch")

    with pytest.raises(Exception, match="Branch"):
        attempt()
    (line,) = lines(installation)
    assert (line.action, line.resource, line.outcome, line.detail) == (
        Action.CHOOSE_ACCOUNT,
        "Branch",
        AuditOutcome.REFUSED,
        "choice.different",
    )
    with installation.database.read() as session:
        assert practices.all_of_them(session) == []


def test_a_visitor_is_recorded_without_a_name(installation: Installation) -> None:
    audit.record_alone(installation, NOBODY, Action.LOGIN)
    assert (lines(installation)[0].actor_kind, lines(installation)[0].actor) == ("visitor", "")


@pytest.mark.parametrize("place", ["practice", "resource", "detail"])
@pytest.mark.parametrize("secret", SECRETS, ids=["key", "client", "address", "password"])
def test_a_secret_of_the_configuration_is_masked_wherever_somebody_typed_it(
    installation: Installation, place: str, secret: str
) -> None:
    actor = Actor(ActorKind.COMMAND, secret, address=secret, named=secret, flow_run_id=secret, session=secret)
    with installation.database.write() as session:
        said: dict[str, Any] = {place: f"typed {secret} here"}
        audit.record(session, installation, actor, Action.SYNC, now=NOW, after={"name": secret}, **said)
    (line,) = lines(installation)
    assert secret not in repr(line)
    assert secret[:12] not in repr(line)
    assert getattr(line, place) == f"typed {MASK} here"


@pytest.mark.parametrize("name", ["xpm_encryption_keys", "XERO_CLIENT_SECRET", "xpm_notify_url", "xpm_database_url"])
def test_a_setting_that_is_marked_secret_is_refused(installation: Installation, name: str) -> None:
    with pytest.raises(SecretInTrail, match=name) as refused, installation.database.write() as session:
        audit.record(session, installation, ANA, Action.CHANGE_SETTINGS, now=NOW, before={name: "whatever"})
    assert "whatever" not in str(refused.value)


def test_every_setting_of_a_secret_type_counts_as_marked() -> None:
    typed = {name for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)}
    assert typed <= secret_settings()
    assert {"xpm_console_url", "xpm_audit_days"}.isdisjoint(secret_settings())


@pytest.mark.also_on_postgresql("it refuses NUL")
def test_whatever_a_stranger_sends_can_be_recorded(installation: Installation) -> None:
    sent = "a\x00b\x1b[31mc\ud800d\u202ee" + "x" * 10_000
    audit.record_alone(
        installation, Actor(ActorKind.VISITOR, sent, address=sent), Action.LOGIN, practice=sent, resource=sent
    )
    (line,) = lines(installation)
    assert line.resource == ("a\ufffdb\ufffd[31mc\ufffdd\ufffde" + "x" * 10_000)[:MOST]
    assert is_whole(installation)


def test_lines_are_kept_for_the_days_of_the_setting(installation: Installation) -> None:
    assert installation.settings.xpm_audit_days == 365
    with installation.database.write() as session:
        for days in (400, 366, 364, 0):
            audit.record(session, installation, ANA, Action.SYNC, now=NOW - timedelta(days=days))
    assert audit.remove_old(installation, installation.clock()) == 2
    assert [line.at for line in lines(installation)] == [NOW - timedelta(days=364), NOW]
    assert is_whole(installation)
    assert audit.remove_old(installation, installation.clock()) == 0
    assert LATER > NOW
