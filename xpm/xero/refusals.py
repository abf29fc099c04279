"""Why XPM refused a write, as far as its sentence tells."""

import re
from enum import StrEnum

from xpm.xero.errors import RecordGone, Refused, ScopeMissing, XeroError

_BAD_REQUEST = 400


class RefusalKind(StrEnum):
    """What has to be done about a refusal. XPM's own sentence stays beside it."""

    STATE_UNKNOWN = "state_unknown"  # the practice has no state with this code
    STAFF_UNKNOWN = "staff_unknown"
    LOCKED_PERIOD = "locked_period"  # the practice has locked the time before a day
    CLOSED_JOB = "closed_job"
    NOT_ASSIGNED = "not_assigned"
    RECORD_GONE = "record_gone"
    NO_PERMISSION = "no_permission"  # the consent or the app may not write
    OPTION_UNKNOWN = "option_unknown"  # the field has no such option
    OURS = "ours"  # 400: the request is wrong, so this program is
    RULE = "rule"  # whatever else XPM says


_RECORDED = (
    (RefusalKind.STATE_UNKNOWN, r"\binvalid\s+(job\s+)?state\b|\bstate\s+code\b"),
    (RefusalKind.STAFF_UNKNOWN, r"\binvalid\s+(staff|(account\s+|job\s+)?manager|partner)\b|\bstaff\b.*\bidentifier\b"),
)
"""Sentences that were seen in answers."""

_GUESSED = (
    (RefusalKind.NOT_ASSIGNED, r"\bassigned\b|\bassignment\b"),
    (RefusalKind.OPTION_UNKNOWN, r"\boptions?\b"),
    (RefusalKind.LOCKED_PERIOD, r"\block(ed|s|ing)?\b|(?<!\bgst )\bperiods?\b"),
    (RefusalKind.CLOSED_JOB, r"\b(closed|completed?|cancelled)\b|\bjob\b.*\bstate\b"),
)
"""Words to expect in sentences that Xero does not publish, the most telling first."""


def refusal_kind(error: XeroError) -> RefusalKind:
    """Return why XPM refused. `RULE` if its sentence has none of the known words."""
    if isinstance(error, RecordGone):
        return RefusalKind.RECORD_GONE
    if isinstance(error, ScopeMissing):
        return RefusalKind.NO_PERMISSION
    sentence = error.description or "" if isinstance(error, Refused) else ""
    if kind := _first(_RECORDED, sentence):
        return kind
    if error.status == _BAD_REQUEST:
        return RefusalKind.OURS
    return _first(_GUESSED, sentence) or RefusalKind.RULE


def _first(known: tuple[tuple[RefusalKind, str], ...], sentence: str) -> RefusalKind | None:
    return next((kind for kind, words in known if re.search(words, sentence, re.IGNORECASE)), None)
