"""How Xero's errors are explained to an administrator."""

import datetime as dt

import pytest

from xpm.consent.explanation import explain, explain_reconnect
from xpm.store.vocabulary import ActivityStatus
from xpm.xero.errors import (
    AccessLost,
    AnswerLost,
    ConsentNeeded,
    DayLimit,
    MinuteLimit,
    MisconfiguredApp,
    ScopeMissing,
    UnreadableAnswer,
    XeroError,
    XeroUnavailable,
)

MIDNIGHT = dt.datetime(2026, 3, 3, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (MisconfiguredApp("Xero does not accept the app (invalid_client)."), "consent.app_misconfigured"),
        (ConsentNeeded("Xero no longer accepts this consent."), "connection.authentication_failed"),
        (ScopeMissing("No.", endpoint="staff.list"), "preflight.scopes_missing"),
        (DayLimit("The day is used up.", resumes_at=MIDNIGHT), "sync.rate_limited"),
        (XeroUnavailable("No answer."), "sync.unavailable"),
        (AnswerLost("No answer."), "sync.unavailable"),
        (AccessLost("No."), "sync.failed"),
        (UnreadableAnswer("Not XML."), "sync.failed"),
    ],
)
def test_each_kind_of_error_has_a_message_with_a_next_step(error: XeroError, key: str) -> None:
    said = explain(error, "Jobs")
    assert said.key == key
    assert said.next
    assert said.status in {ActivityStatus.FAILURE, ActivityStatus.ACTION_REQUIRED}


def test_a_used_up_day_says_when_to_sync_again() -> None:
    assert "after 03 March 00:00 UTC" in explain(DayLimit("Used up.", resumes_at=MIDNIGHT), "Jobs").next
    assert "after midnight" in explain(DayLimit("Used up."), "Jobs").next


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (MisconfiguredApp("Xero does not accept the app (invalid_client)."), "consent.app_misconfigured"),
        (ScopeMissing("No.", endpoint="staff.list"), "preflight.scopes_missing"),
        (ConsentNeeded("Xero no longer accepts this consent."), "reconnect.access_ended"),
        (DayLimit("The day is used up.", resumes_at=MIDNIGHT), "reconnect.rate_limited"),
        (MinuteLimit("Too many."), "reconnect.xero_failed"),
        (XeroUnavailable("No answer."), "reconnect.xero_failed"),
        (AccessLost("No."), "reconnect.xero_failed"),
        (UnreadableAnswer("Not XML."), "reconnect.xero_failed"),
    ],
)
def test_an_error_during_a_reconnect_is_explained_as_a_failed_reconnect_not_a_failed_sync(
    error: XeroError, key: str
) -> None:
    said = explain_reconnect(error, "Harbour & Vale")
    assert said.key == key
    assert "synchronised" not in said.text
