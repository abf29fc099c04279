"""What a revert does with records that were changed after the runs it takes back."""

from enum import StrEnum


class WhenChangedSince(StrEnum):
    """What to do with records that were changed later by a person, or by a run that is not taken back."""

    STOP = "stop"  # take nothing back
    KEEP = "keep"  # leave these records as they are
    OVERWRITE = "overwrite"  # take the later changes back as well
