"""What a pull finds out beside the records: what it verified, what became of chosen records, and what it doubts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True)
class Verified:
    """How many jobs that are in no list were asked for one by one, `done` of `of`.

    `since` is when the longest unverified of the others was last verified.
    """

    done: int
    of: int
    since: datetime


@dataclass(frozen=True)
class Chosen:
    """What became of the `of` records that a person chose: `done` were stored, and XPM does not have the `unknown`.

    The unknown ones are named as the person wrote them.
    """

    of: int
    done: int
    unknown: tuple[str, ...]


class Grounds(StrEnum):
    """Why records that XPM did not send are not taken as gone, by the key of the words that say so."""

    TOO_MANY = "sync.too_many_missing"
    NEW_LOGIN = "sync.missing_for_new_login"  # of another person than when FYI last agreed with XPM; may see fewer
    FEW_AFTER_MOVE = "sync.few_after_move"  # the missing records are the former account's
    EDITED = "sync.missing_with_edits"  # people edited them in FYI, and XPM does not have the edits yet


@dataclass(frozen=True)
class Suspicion:
    """Why nothing was archived: too many stored records were missing. `what` is the administrator's word for them."""

    what: str
    missing: int
    stored: int
    grounds: Grounds
    table: str
    keys: Collection[str]
