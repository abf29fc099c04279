"""What somebody who is logged in may do, in which practice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from xpm.store.tables import FyiUser


class Right(StrEnum):
    """A part of what the console offers of one practice."""

    SEE = "see"  # the connection, the syncs with their counts, Practice Activity
    SEE_RECORDS = "see_records"  # clients, jobs, staff: whatever the practice keeps about other people
    SYNC = "sync"
    ADMINISTER = "administer"  # reconnect, choose and confirm the account, settings, disconnect, revert, people


OF_OPERATORS = frozenset({Right.SEE, Right.SYNC})
"""An operator keeps the installation running; the records are the practice's own."""
OF_USERS = frozenset({Right.SEE, Right.SEE_RECORDS, Right.SYNC})
OF_ADMINS = frozenset(Right)


@dataclass(frozen=True)
class Caller:
    """Somebody who is logged in.

    Attributes:
        session: the digest of the session, which does not give its token away.
        users: the active FYI users that the login is, by practice.
    """

    session: str
    issuer: str
    subject: str
    name: str
    email: str | None
    address: str
    users: Mapping[str, FyiUser] = field(default_factory=dict, repr=False)
    is_operator: bool = False

    def may(self, right: Right, practice: str) -> bool:
        """Whether the caller has this right in the practice."""
        return right in self.rights_in(practice)

    def rights_in(self, practice: str) -> frozenset[Right]:
        """All that the caller may do in the practice. Nothing, and not even its name, if this is empty."""
        user = self.users.get(practice)
        of_user = frozenset() if user is None else OF_ADMINS if user.is_admin else OF_USERS
        return of_user | (OF_OPERATORS if self.is_operator else frozenset())

    def named_in(self, practice: str) -> str:
        """The address by which the practice knows the caller, or else the name of the login."""
        user = self.users.get(practice)
        return user.email if user else self.email or self.name
