"""What the store refuses, as one tree."""


class StoreError(Exception):
    """Anything the store refuses."""


class DatabaseUnavailable(StoreError):
    """The address of the database is wrong, or nothing answers there. Names the address without its password."""


class AlreadyThere(StoreError):
    """A second thing under a key that may exist once."""


class NotThere(StoreError):
    """A key that names nothing."""


class UnknownPractice(NotThere):
    """No practice has this slug."""


class UnknownPerson(NotThere):
    """No FYI user has this id."""


class UnknownConsent(NotThere):
    """No consent has this id."""


class UnknownRun(NotThere):
    """No sync run has this id."""


class UnknownRecord(NotThere):
    """No record of this kind has this key."""


class UnknownTimeZone(StoreError):
    """Not a name of the IANA time zone database."""


class TransitionRefused(StoreError):
    """A connection cannot go from the one state to the other."""

    def __init__(self, practice: str, from_state: str, to_state: str) -> None:
        """Name the practice and the two states."""
        super().__init__(f"{practice}: {from_state} → {to_state}")
        self.practice, self.from_state, self.to_state = practice, from_state, to_state


class TenantTaken(StoreError):
    """Another practice is connected to this XPM practice already."""


class AttemptRefused(StoreError):
    """A callback that belongs to no attempt which may still use it. The subclass tells why."""


class UnknownAttempt(AttemptRefused):
    """No attempt carries this state parameter: forged, or replaced by a newer one."""


class AttemptUsed(AttemptRefused):
    """The callback came before, or the attempt is closed."""


class AttemptExpired(AttemptRefused):
    """The callback came after the attempt's time."""


class WrongBrowser(AttemptRefused):
    """The callback came from another browser than the one that set out (RFC 6749 §10.12)."""


class VaultError(StoreError):
    """A secret that cannot be sealed or opened. Never carries the secret."""


class NoKeys(VaultError):
    """The vault was given no key, or one that is not 32 bytes of URL-safe base64."""


class UnknownKey(VaultError):
    """Sealed with a key the vault does not have (any more)."""


class SealBroken(VaultError):
    """Changed since it was sealed, or sealed for another place."""


class WrongColumns(StoreError):
    """A row for the bulk path names other columns than its table has."""
