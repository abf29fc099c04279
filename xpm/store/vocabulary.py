"""The closed lists of words that the tables hold."""

from enum import StrEnum


class ConnectionState(StrEnum):
    """Where a practice stands with Xero."""

    NOT_CONNECTED = "not_connected"
    AUTHORISING = "authorising"
    CHOOSING_PRACTICE = "choosing_practice"
    CONNECTED = "connected"
    NEEDS_RECONNECT = "needs_reconnect"
    DISCONNECTED = "disconnected"
    PRIVILEGE_LOST = "privilege_lost"


class ConsentStatus(StrEnum):
    """What became of one person's consent at Xero."""

    PENDING = "pending"  # tokens are here, the XPM practice is not chosen yet
    ACTIVE = "active"
    SUPERSEDED = "superseded"  # another consent of the same practice took over
    REFUSED = "refused"  # ended on our side: wrong person or practice, given up, or disconnected
    LOST = "lost"  # ended on Xero's side: revoked or expired


class AttemptOutcome(StrEnum):
    """How an attempt to get a consent ended."""

    WAITING = "waiting"
    GRANTED = "granted"
    DECLINED = "declined"  # the person pressed Cancel at Xero
    REFUSED = "refused"  # we did not accept what came back
    EXPIRED = "expired"


class ArchiveReason(StrEnum):
    """Why a record is no longer current."""

    ARCHIVED = "archived"  # XPM says it is archived
    DELETED = "deleted"  # XPM says it is deleted
    ABSENT = "absent"  # a complete list no longer has it
    OTHER_ACCOUNT = "other_practice"  # of the XPM practice that was connected before this one


GONE = frozenset({ArchiveReason.ABSENT, ArchiveReason.OTHER_ACCOUNT})
"""Why a record is archived that the connected XPM practice does not have."""


class ChangeKind(StrEnum):
    """What became of a record."""

    ADDED = "added"
    CHANGED = "changed"
    ARCHIVED = "archived"
    RESTORED = "restored"  # archived before, and current again
    REMOVED = "removed"  # by a revert of the run that had added it


class SyncMode(StrEnum):
    """Everything, or what changed since the watermark."""

    FULL = "full"
    CHANGES = "changes"


class SyncTrigger(StrEnum):
    """What asked for a run."""

    MANUAL = "manual"
    CONTINUED = "continued"  # goes on by itself with what a person asked for, once Xero allows it again
    OVERNIGHT = "overnight"
    RECONNECT = "reconnect"
    REVERT = "revert"  # takes back what other runs did
    REPLAY = "replay"  # reads again what was set aside; Xero is not asked


class CallPriority(StrEnum):
    """Who goes first when Xero's calls are short, the most urgent first."""

    PEOPLE = "people"  # somebody waits for the answer, or the connection itself is proven
    CHANGES = "changes"
    OVERNIGHT = "overnight"
    VERIFICATION = "verification"  # looks at everything in turn, since nothing tells what changed


class RunStatus(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    SUCCESS = "success"
    FAILURE = "failure"
    ACTION_REQUIRED = "action_required"
    SKIPPED = "skipped"
    PARKED = "parked"  # the day's calls are used up; it goes on when Xero allows it again


class ActivityStatus(StrEnum):
    """The five statuses of Practice Activity, in FYI's own words (FYI: "Practice Activity")."""

    SUCCESS = "Success"
    FAILURE = "Failure"
    IN_PROGRESS = "In Progress"
    ACTION_REQUIRED = "Action Required"
    ALERT = "Alert"


class Topic(StrEnum):
    """What an entry of Practice Activity is about, where a program asks for the latest one."""

    HOLDER = "holder"  # whether the person who made the connection can keep it
    PERMISSIONS = "permissions"  # whether the consent gives enough of them
    STALE = "stale"  # an entity that was not synchronised in time
    SYNC_REQUESTED = "sync_requested"
    REVERTED = "reverted"


class FyiStatus(StrEnum):
    """Whether a staff member from XPM may work in FYI. New ones arrive inactive (FYI: "Managing Users")."""

    INACTIVE = "inactive"
    ACTIVE = "active"


class OwnerKind(StrEnum):
    """What a custom field value belongs to."""

    CLIENT = "client"
    JOB = "job"
