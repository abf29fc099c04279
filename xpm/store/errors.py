"""The errors of the store, as one tree."""


class StoreError(Exception):
    """The base of every error of the store."""


class DatabaseUnavailable(StoreError):
    """The database address is wrong, or nothing answers there. Names the address without its password."""


class AlreadyThere(StoreError):
    """This key exists already."""


class NotThere(StoreError):
    """Nothing has this key."""


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
    """A connection cannot move from its state to the other one."""

    def __init__(self, practice: str, from_state: str, to_state: str) -> None:
        """Name the practice and the two states."""
        super().__init__(f"{practice}: {from_state} → {to_state}")
        self.practice, self.from_state, self.to_state = practice, from_state, to_state


class TenantTaken(StoreError):
    """Another practice is already connected to this account."""


class AttemptRefused(StoreError):
    """No attempt may use this callback. The subclass tells why."""


class UnknownAttempt(AttemptRefused):
    """No attempt has this state parameter: it was forged, or a newer one replaced it."""


class AttemptUsed(AttemptRefused):
    """The callback was used before, or the attempt is closed."""


class AttemptExpired(AttemptRefused):
    """The callback came after the attempt had expired."""


class WrongBrowser(AttemptRefused):
    """The callback came from a browser other than the one that went to Xero (RFC 6749 §10.12)."""


class VaultError(StoreError):
    """A secret that cannot be sealed or opened. Never carries the secret."""


class NoKeys(VaultError):
    """The vault got no key, or a key that is not 32 bytes of URL-safe base64."""


class UnknownKey(VaultError):
    """The secret was sealed with a key that the vault does not have, or no longer has."""


class SealBroken(VaultError):
    """The secret was changed after sealing, or was sealed for another place."""


class WrongColumns(StoreError):
    """A row for the bulk path does not name exactly the columns of its table."""
