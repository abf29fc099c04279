"""What a revert does with records that others changed since."""

from enum import StrEnum


class WhenChangedSince(StrEnum):
    """What to do with records that a person, or a run that is not taken back, changed since."""

    STOP = "stop"  # take back nothing at all
    KEEP = "keep"  # leave these as they are
    OVERWRITE = "overwrite"  # take those changes back as well
