"""Reconnects that fail: each leaves the practice as it was."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sandbox.accounts.edits import change
from sandbox.browser import ConsentStopped
from sandbox.identity.connections import PRACTICE
from sandbox.world import CLIENT_ID, COASTAL_BRANCH, HARBOUR_VALE, LEO, MERE, SAM
from tests.consent.harbour import Harbour, Sent, move_in
from xpm.account.choice import choose, offers
from xpm.account.reset import check_chosen, reset
from xpm.activity.overview import overview
from xpm.consent.callback import start_login
from xpm.consent.explanation import explain_reconnect
from xpm.consent.invitation import Invitation, answered, expire, require_granted, withdraw
from xpm.store.consent import connections
from xpm.store.vocabulary import AttemptOutcome, ConnectionState
from xpm.words import Message, Stopped, stop
from xpm.xero.errors import Blocked, ConsentNeeded, MisconfiguredApp, XeroError, XeroUnavailable

BadEnd = Callable[[Harbour, Invitation], Message]
"""Runs a reconnect until it stops, and returns the message it stops with."""


def stopped_at_consent(harbour: Harbour, invitation: Invitation) -> Message:
    with pytest.raises(Stopped) as stopped:
        require_granted(harbour.integration, invitation)
    return stopped.value.message


def cancelled(harbour: Harbour, invitation: Invitation) -> Message:
    harbour.consent(invitation, decision="cancel")
    return stopped_at_consent(harbour, invitation)


def answered_by_another_person(harbour: Harbour, invitation: Invitation) -> Message:
    harbour.consent(invitation, SAM)
    return stopped_at_consent(harbour, invitation)


def logged_in_without_the_privilege(harbour: Harbour, invitation: Invitation) -> Message:
    with pytest.raises(ConsentStopped):
        harbour.go(invitation, LEO, tenants=None)
    harbour.world.clock.advance(31 * 60)
    stopped = expire(harbour.integration, invitation)
    assert stopped
    return stopped.message


def never_answered(harbour: Harbour, invitation: Invitation) -> Message:
    harbour.world.clock.advance(31 * 60)
    assert expire(harbour.integration, invitation)
    return stopped_at_consent(harbour, invitation)


def with_a_ledger_only(harbour: Harbour, invitation: Invitation) -> Message:
    harbour.consent(invitation)
    harbour.world.people[MERE].organisation = harbour.world.people[SAM].organisation
    harbour.world.connections.remove(lambda known: known.tenant_type == PRACTICE)
    with pytest.raises(Stopped) as stopped:
        offers(harbour.integration, invitation)
    return stopped.value.message


def with_a_wrong_secret(harbour: Harbour, invitation: Invitation) -> Message:
    harbour.world.apps[CLIENT_ID].secret = "another-secret"
    harbour.consent(invitation)
    return stopped_at_consent(harbour, invitation)


def with_a_spent_code(harbour: Harbour, invitation: Invitation) -> Message:
    sent = harbour.go(invitation)
    harbour.world.clock.advance(6 * 60)  # a code lives for five minutes
    harbour.hand_in(sent)
    return stopped_at_consent(harbour, invitation)


def with_an_answer_of_another_issuer(harbour: Harbour, invitation: Invitation) -> Message:
    sent = harbour.go(invitation)
    harbour.hand_in(Sent(sent.answer | {"iss": "https://identity.example"}, sent.browser))
    return stopped_at_consent(harbour, invitation)


def without_a_staff_record(harbour: Harbour, invitation: Invitation) -> Message:
    harbour.at_xero(MERE, on_staff=False, privilege=True)
    return stopped_at_check(harbour, invitation)


def with_a_part_that_is_refused(harbour: Harbour, invitation: Invitation) -> Message:
    harbour.fault("xpm", "forbidden", path="category.api", times=0)
    return stopped_at_check(harbour, invitation)


def with_a_part_that_the_app_may_not_read(harbour: Harbour, invitation: Invitation) -> Message:
    body = '{"Type":null,"Title":"Unauthorized","Status":401,"Detail":"AuthorizationUnsuccessful"}'
    harbour.fault("xpm", "status", path="category.api", status=401, body=body, times=0)
    return stopped_at_check(harbour, invitation)


def with_the_wrong_practice(harbour: Harbour, invitation: Invitation) -> Message:
    harbour.consent(invitation, tenants=(COASTAL_BRANCH,))
    return stopped_at_choice(harbour, invitation)


def stopped_at_choice(harbour: Harbour, invitation: Invitation) -> Message:
    offer = offers(harbour.integration, invitation)[0]
    with pytest.raises(Stopped) as stopped:
        choose(harbour.integration, invitation, offer)
    return stopped.value.message


def stopped_at_check(harbour: Harbour, invitation: Invitation) -> Message:
    harbour.consent(invitation)
    choose(harbour.integration, invitation, offers(harbour.integration, invitation)[0])
    with pytest.raises(Stopped) as stopped:
        check_chosen(harbour.integration, invitation)
    return stopped.value.message


BAD_ENDS: list[tuple[BadEnd, str]] = [
    (cancelled, "consent.declined"),
    (answered_by_another_person, "consent.other_person"),
    (logged_in_without_the_privilege, "consent.not_answered"),
    (never_answered, "consent.not_answered"),
    (with_a_ledger_only, "consent.no_practice"),
    (with_a_wrong_secret, "consent.app_misconfigured"),
    (with_a_spent_code, "consent.not_trusted"),
    (with_an_answer_of_another_issuer, "consent.not_trusted"),
    (without_a_staff_record, "preflight.no_staff_record"),
    (with_a_part_that_is_refused, "preflight.part_refused"),
    (with_a_part_that_the_app_may_not_read, "preflight.part_not_covered"),
    (with_the_wrong_practice, "choice.different"),
]


@pytest.mark.parametrize(("way", "key"), BAD_ENDS, ids=lambda part: getattr(part, "__name__", ""))
def test_a_failed_reconnect_leaves_everything_as_it_was(connected: Harbour, way: BadEnd, key: str) -> None:
    before = connected.facts()
    said = way(connected, connected.invite())
    assert said.key == key
    withdraw(connected.integration, connected.slug, Stopped(said), flow_run_id="run-1")
    assert connected.facts() == before
    assert connected.transitions()[-1].reason_key == key


@pytest.mark.parametrize("way", [cancelled, never_answered, without_a_staff_record])
def test_a_failed_first_connection_leaves_the_practice_unconnected(harbour: Harbour, way: BadEnd) -> None:
    before = harbour.facts()
    said = way(harbour, harbour.invite())
    withdraw(harbour.integration, harbour.slug, Stopped(said), flow_run_id="run-1")
    assert harbour.facts() == before
    assert harbour.connection().state is ConnectionState.NOT_CONNECTED


def test_a_broken_connection_keeps_the_time_it_broke(connected: Harbour) -> None:
    with connected.database.write() as session:
        connections.move(
            session,
            connected.slug,
            ConnectionState.NEEDS_RECONNECT,
            reason_key="connection.needs_reconnect",
            now=connected.integration.clock(),
        )
    before, seen = connected.facts(), overview(connected.integration, connected.slug)
    for run in ("run-1", "run-2"):
        connected.world.clock.advance(86_400)
        said = cancelled(connected, connected.invite(run=run))
        withdraw(connected.integration, connected.slug, Stopped(said), flow_run_id=run)
    assert connected.facts() == before
    assert overview(connected.integration, connected.slug) == seen


@pytest.mark.also_on_postgresql("a row is claimed")
def test_giving_up_twice_changes_nothing_more(connected: Harbour) -> None:
    said = cancelled(connected, connected.invite())
    for _ in range(2):
        withdraw(connected.integration, connected.slug, Stopped(said), flow_run_id="run-1")
    assert connected.states() == ["authorising", "choosing_practice", "connected", "authorising", "connected"]


def test_the_tokens_of_an_unused_consent_are_forgotten(connected: Harbour) -> None:
    invitation = connected.invite()
    said = without_a_staff_record(connected, invitation)
    withdraw(connected.integration, connected.slug, Stopped(said), flow_run_id="run-1")
    consent = connected.consent_of(invitation)
    assert (consent.access_token, consent.refresh_token, consent.previous_refresh_token) == (None, None, None)
    with pytest.raises(Stopped):
        require_granted(connected.integration, invitation)


def test_a_person_who_may_connect_nothing_is_told_what_to_tick(connected: Harbour) -> None:
    said = logged_in_without_the_privilege(connected, connected.invite())
    assert "You don't have access to connect to any Xero Practice Manager accounts" in said.next
    assert "Authorise 3rd Party Full Access" in said.next
    assert "Connect third-party add-ons" in said.next


def test_the_person_who_allowed_access_instead_is_named(connected: Harbour) -> None:
    said = answered_by_another_person(connected, connected.invite())
    assert said.title == "Sam Brooks allowed access, but the reconnect was started for Mere Tāne"


def test_a_person_known_by_xeros_id_may_change_their_address(connected: Harbour) -> None:
    person = connected.world.people.pop(MERE)
    person.email = "mere.brown@harbourvale.example"
    connected.world.people[person.email] = person
    assert connected.consent(connected.invite(), person.email).message.key == "consent.granted"


def test_another_login_with_the_same_address_is_another_person(connected: Harbour) -> None:
    connected.world.people[MERE] = replace(
        connected.world.people[MERE], xero_userid=connected.world.people[SAM].xero_userid
    )
    assert connected.consent(connected.invite()).message.key == "consent.other_person"


def test_a_refused_part_is_named_with_what_to_tick(connected: Harbour) -> None:
    said = with_a_part_that_is_refused(connected, connected.invite())
    assert said.cause == "Harbour & Vale answered for the connection, but not for: job categories."
    assert "Authorise 3rd Party Full Access" in said.next


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "maintenance", "times": 4}, XeroUnavailable),  # all the tries of one call
        ({"kind": "status", "status": 403, "body": "<html>Denied by the firewall</html>"}, Blocked),
    ],
)
def test_an_error_at_xero_during_the_check_is_not_the_persons_fault(
    connected: Harbour, fault: dict[str, Any], error: type[XeroError]
) -> None:
    invitation = connected.invite()
    connected.consent(invitation)
    choose(connected.integration, invitation, offers(connected.integration, invitation)[0])
    connected.fault("xpm", path="job.api", **fault)
    with pytest.raises(error):
        check_chosen(connected.integration, invitation)
    assert check_chosen(connected.integration, invitation).key == "preflight.ready"


def test_a_staff_record_without_an_address_is_found_by_name(connected: Harbour) -> None:
    practice = connected.world.accounts[HARBOUR_VALE]
    for row in practice.staff.records():
        if row["Email"] == MERE:
            change(practice, "staff", row["UUID"], {"Email": ""})
    invitation = connected.invite()
    connected.consent(invitation)
    choose(connected.integration, invitation, offers(connected.integration, invitation)[0])
    assert check_chosen(connected.integration, invitation).key == "preflight.ready"


def test_an_account_that_feeds_another_practice_is_refused(connected: Harbour) -> None:
    move_in(connected.integration, "coastal", "Coastal Accountants")
    other = replace(connected, slug="coastal")
    before, invitation = other.facts(), other.invite(SAM)
    other.consent(invitation)
    said = stopped_at_choice(other, invitation)
    assert said.key == "choice.taken"
    assert said.title == "Harbour & Vale is already connected to Harbour & Vale Accountants"
    withdraw(other.integration, other.slug, Stopped(said), flow_run_id="run-1")
    assert other.facts() == before


def test_an_account_that_is_taken_between_choice_and_reset_is_refused(harbour: Harbour) -> None:
    move_in(harbour.integration, "coastal", "Coastal Accountants")
    quicker, invitation = replace(harbour, slug="coastal"), harbour.invite()
    harbour.consent(invitation)
    choose(harbour.integration, invitation, offers(harbour.integration, invitation)[0])
    harbour.confirm(invitation)
    quicker.connect(SAM, run="run-2")
    before = harbour.facts()
    with pytest.raises(Stopped) as stopped:
        reset(harbour.integration, invitation)
    assert stopped.value.message.key == "choice.taken"
    assert harbour.facts() == before
    assert harbour.connection().tenant_id is None


def test_the_guard_names_both_accounts(connected: Harbour) -> None:
    said = with_the_wrong_practice(connected, connected.invite())
    assert "“Harbour & Vale”, but “Harbour & Vale – Coastal Branch” was chosen" in said.title  # noqa: RUF001
    assert connected.entries().count("choice.made") == 1  # that of the current connection


def test_the_reason_for_not_trusting_an_answer_is_logged_and_told_plainly(
    connected: Harbour, caplog: pytest.LogCaptureFixture
) -> None:
    said = with_an_answer_of_another_issuer(connected, connected.invite())
    assert said.cause.startswith("FYI could not verify that it comes from Xero")
    assert "another issuer" in caplog.text


@pytest.mark.also_on_postgresql("a row is claimed")
def test_an_answer_counts_once(connected: Harbour) -> None:
    sent = connected.go(connected.invite())
    assert connected.hand_in(sent).message.key == "consent.granted"
    before = connected.facts()
    assert connected.hand_in(sent).message.key == "consent.link_over"
    assert connected.facts() == before


def test_an_answer_in_another_browser_is_refused_and_uses_nothing_up(connected: Harbour) -> None:
    invitation = connected.invite()
    sent = connected.go(invitation)
    for browser in ("", "another browser's secret"):
        received = connected.hand_in(Sent(sent.answer, browser))
        assert (received.message.key, received.flow_run_id) == ("consent.not_trusted", None)
    assert not answered(connected.integration, invitation)
    assert connected.hand_in(sent).message.key == "consent.granted"


@pytest.mark.parametrize("changed", [{"state": "made up"}, {"state": ""}, {}])
def test_an_answer_that_nobody_asked_for_is_refused(connected: Harbour, changed: dict[str, str]) -> None:
    invitation = connected.invite()
    sent = connected.go(invitation)
    answer = {name: value for name, value in sent.answer.items() if name != "state"} | changed
    assert connected.hand_in(Sent(answer, sent.browser)).message.key == "consent.not_trusted"
    assert not answered(connected.integration, invitation)


def test_opening_a_link_again_voids_the_first_opening(connected: Harbour) -> None:
    invitation = connected.invite()
    first, second = connected.go(invitation), connected.go(invitation)
    assert connected.hand_in(first).message.key == "consent.not_trusted"
    assert connected.hand_in(second).message.key == "consent.granted"


def test_a_replaced_expired_or_invented_link_is_refused(connected: Harbour) -> None:
    invitation = connected.invite()
    connected.consent(invitation)
    late = connected.invite(SAM, run="run-2")
    connected.world.clock.advance(31 * 60)
    for attempt_id, key in (
        (invitation.attempt_id, "consent.superseded"),
        (late.attempt_id, "consent.link_over"),
        ("made-up", "consent.link_unknown"),
    ):
        with pytest.raises(Stopped) as stopped:
            start_login(connected.integration, attempt_id)
        assert stopped.value.message.key == key


def test_an_answer_that_comes_too_late_is_refused(connected: Harbour) -> None:
    sent = connected.go(connected.invite(minutes=2))
    connected.world.clock.advance(121)
    assert connected.hand_in(sent).message.key == "consent.link_over"


def test_an_answer_that_expires_during_the_call_to_xero_leaves_no_tokens(connected: Harbour) -> None:
    invitation = connected.invite()
    sent, before = connected.go(invitation), connected.facts()

    class Late(dict[str, str]):
        """An answer during whose exchange the run gives up waiting: when its code is read."""

        def __getitem__(self, name: str) -> str:
            if name == "code":
                expire(connected.integration, invitation)
            return super().__getitem__(name)

    assert connected.hand_in(Sent(Late(sent.answer), sent.browser)).message.key == "consent.link_over"
    assert connected.facts() == before
    assert connected.attempt(invitation).outcome is AttemptOutcome.EXPIRED


@pytest.mark.parametrize(
    ("area", "kind", "details"),
    [
        ("token", "maintenance", {}),
        ("token", "reset", {}),
        ("token", "lost_answer", {}),
        ("token", "status", {"status": 429}),
        ("jwks", "maintenance", {}),
        ("jwks", "garbage", {}),
    ],
)
def test_during_an_outage_at_xero_the_same_link_can_be_opened_again(
    harbour: Harbour, area: str, kind: str, details: dict[str, Any]
) -> None:
    invitation = harbour.invite()
    sent = harbour.go(invitation)
    harbour.fault(area, kind, **details)
    received = harbour.hand_in(sent)
    assert received.message.key == "consent.xero_silent"
    assert invitation.link in received.message.next
    assert not answered(harbour.integration, invitation)
    assert harbour.consent(invitation).message.key == "consent.granted"


def test_a_consent_withdrawn_at_xero_before_the_reset_has_to_be_given_again(connected: Harbour) -> None:
    invitation = connected.invite()
    connected.consent(invitation)
    connected.world.grants.revoke(MERE)
    with pytest.raises(ConsentNeeded) as error:
        offers(connected.integration, invitation)
    said = explain_reconnect(error.value, "Harbour & Vale")
    assert said.title == "The access that was allowed in Xero ended before Harbour & Vale was reconnected"


def test_a_wrong_secret_during_the_check_names_the_settings_to_correct(connected: Harbour) -> None:
    invitation = connected.invite()
    connected.consent(invitation)
    connected.world.grants.expire_access()
    connected.world.apps[CLIENT_ID].secret = "rotated"
    with pytest.raises(MisconfiguredApp) as error:
        offers(connected.integration, invitation)
    said = explain_reconnect(error.value, "Harbour & Vale")
    assert "XERO_CLIENT_SECRET" in said.next


def test_a_cancelled_run_withdraws_its_consent(connected: Harbour) -> None:
    before = connected.facts()
    connected.consent(connected.invite())
    withdraw(connected.integration, connected.slug, stop("runbook.cancelled"), flow_run_id="run-1")
    assert connected.facts() == before
