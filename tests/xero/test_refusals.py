import pytest

from xpm.xero.errors import NotFound, RecordGone, Refused, ScopeMissing, StateConflict, XeroError
from xpm.xero.refusals import RefusalKind, refusal_kind


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Invalid state code", RefusalKind.STATE_UNKNOWN),
        ("INVALID STATE CODE.", RefusalKind.STATE_UNKNOWN),
        ("Invalid staff identifier for add request", RefusalKind.STAFF_UNKNOWN),
        ("Invalid staff identifier for remove request", RefusalKind.STAFF_UNKNOWN),
        ("The date is on or before the WIP lock date", RefusalKind.LOCKED_PERIOD),
        ("Time cannot be added: the period is closed", RefusalKind.LOCKED_PERIOD),
        ("Time cannot be recorded against a job in this state", RefusalKind.CLOSED_JOB),
        ("The job has been completed", RefusalKind.CLOSED_JOB),
        ("The staff member is not assigned to the job or task", RefusalKind.NOT_ASSIGNED),
        ("Value is not an option of the custom field", RefusalKind.OPTION_UNKNOWN),
        ("Name is required", RefusalKind.RULE),
        ("Invalid GST period", RefusalKind.RULE),
        ("The account is blocked", RefusalKind.RULE),
        ("", RefusalKind.RULE),
        (None, RefusalKind.RULE),
    ],
)
def test_the_words_of_xpm_tell_why_it_refused(sentence: str | None, kind: RefusalKind) -> None:
    assert refusal_kind(Refused("Refused.", description=sentence, endpoint="time.add", status=200)) is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RecordGone("Gone.", description="Invalid job identifier", status=200), RefusalKind.RECORD_GONE),
        (NotFound("Not there.", description="Invalid task identifier", status=200), RefusalKind.RULE),
        (ScopeMissing("Not covered.", status=401), RefusalKind.NO_PERMISSION),
        (Refused("Bad.", description="The element State is not closed", status=400), RefusalKind.OURS),
        (Refused("Bad.", description="Invalid state code", status=400), RefusalKind.STATE_UNKNOWN),
        (Refused("Bad.", status=400), RefusalKind.OURS),
        (StateConflict("Changed.", status=409), RefusalKind.RULE),
    ],
)
def test_the_class_and_status_of_a_refusal_count_too(error: XeroError, kind: RefusalKind) -> None:
    assert refusal_kind(error) is kind
