"""The closed lists of words that the tables hold."""

from enum import StrEnum


class ConnectionState(StrEnum):
    """The state of a practice's connection to Xero."""

    NOT_CONNECTED = "not_connected"
    AUTHORISING = "authorising"
    CHOOSING_PRACTICE = "choosing_practice"
    CONNECTED = "connected"
    NEEDS_RECONNECT = "needs_reconnect"
    DISCONNECTED = "disconnected"
    PRIVILEGE_LOST = "privilege_lost"


class ConsentStatus(StrEnum):
    """The status of one person's consent at Xero."""

    PENDING = "pending"  # its tokens are stored, but no account is chosen yet
    ACTIVE = "active"
    SUPERSEDED = "superseded"  # another consent of the same practice took over
    REFUSED = "refused"  # ended by us: wrong person or account, given up, or disconnected
    LOST = "lost"  # ended by Xero: revoked or expired


class AttemptOutcome(StrEnum):
    """How an attempt to get a consent ended."""

    WAITING = "waiting"
    GRANTED = "granted"
    DECLINED = "declined"  # the person pressed Cancel at Xero
    REFUSED = "refused"  # we did not accept the answer
    EXPIRED = "expired"


class ArchiveReason(StrEnum):
    """Why a record is no longer current."""

    ARCHIVED = "archived"  # XPM says it is archived
    DELETED = "deleted"  # XPM says it is deleted
    ABSENT = "absent"  # a complete list no longer has it
    OTHER_ACCOUNT = "other_practice"  # it is of an account that was connected before this one


GONE = frozenset({ArchiveReason.ABSENT, ArchiveReason.OTHER_ACCOUNT})
"""The reasons of archived records that the connected account does not have."""


class ChangeKind(StrEnum):
    """What happened to a record."""

    ADDED = "added"
    CHANGED = "changed"
    ARCHIVED = "archived"
    RESTORED = "restored"  # archived before, and current again
    REMOVED = "removed"  # by a revert of the run that added it


class SyncMode(StrEnum):
    """Whether a run asks for everything, or for changes since the watermark, or for everything that XPM lists.

    XPM lists all records, but the values of custom fields cost one request for each client and job.
    """

    FULL = "full"
    CHANGES = "changes"
    LISTS = "lists"


class SyncTrigger(StrEnum):
    """What asked for a run."""

    MANUAL = "manual"
    CONTINUED = "continued"  # continues a person's sync by itself, once Xero allows more calls
    OVERNIGHT = "overnight"
    RECONNECT = "reconnect"
    REVERT = "revert"  # takes back what other runs did
    REPLAY = "replay"  # reads quarantined records again, without asking Xero
    PUSH = "push"  # what a push read of the records it wrote to


BESIDE_SYNCS = frozenset({SyncTrigger.REPLAY, SyncTrigger.PUSH})
"""What asked for runs that store a few records and leave all others as old as they were."""


class EditState(StrEnum):
    """How far an edit made in FYI has got on its way to XPM."""

    QUEUED = "queued"
    SENDING = "sending"  # a call with it was about to be made; without an outcome nobody knows whether XPM has it
    CONFLICT = "conflict"  # XPM has another value than FYI ever knew, so a person has to choose
    REFUSED = "refused"  # XPM, or a rule of it that FYI knows, refuses the value
    CONFIRMED = "confirmed"  # XPM has it
    WITHDRAWN = "withdrawn"  # it is not to be sent any more


UNDECIDED = frozenset({EditState.CONFLICT, EditState.REFUSED})
"""The states of edits that wait for a person's decision."""

CLOSED = frozenset({EditState.CONFIRMED, EditState.WITHDRAWN})
"""The states of edits that are over."""


class CallOutcome(StrEnum):
    """What became of a call that writes to XPM."""

    DONE = "done"
    REFUSED = "refused"
    NOT_SENT = "not_sent"  # it certainly did not reach XPM
    UNKNOWN = "unknown"  # no answer came; XPM is asked what it has before anything is sent again


class CallPriority(StrEnum):
    """Who goes first when calls to Xero run short, the most urgent first."""

    PEOPLE = "people"  # a person waits for the answer, or the call proves the connection
    CHANGES = "changes"
    OVERNIGHT = "overnight"
    VERIFICATION = "verification"  # checks all records in turn, since XPM does not tell which changed


class RunStatus(StrEnum):
    """The status of a run."""

    RUNNING = "running"
    SUCCESS = "success"
    FAILURE = "failure"
    ACTION_REQUIRED = "action_required"
    SKIPPED = "skipped"
    PARKED = "parked"  # the day's calls are used up; the run continues when Xero allows more


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
    PUSH = "push"
    RECONNECT_REQUESTED = "reconnect_requested"
    REVERTED = "reverted"


class Trouble(StrEnum):
    """What people are told of without asking: once when it begins, and once when it is over."""

    CONNECTION = "connection"  # Xero no longer answers this practice
    HAND_OVER = "hand-over"  # the person who made the connection cannot keep it
    PERMISSIONS = "permissions"  # the consent gives too few of them
    NIGHT = "night"  # a night that failed, or that asks a person to act
    STALE = "stale"  # an entity that was not synchronised in time
    PARKED = "parked"  # an entity that has waited for Xero's daily limit for more than a day
    SET_ASIDE = "set-aside"  # more and more records that cannot be read
    UNDECIDED = "undecided"  # edits made in FYI that wait for a person's decision


class FyiStatus(StrEnum):
    """Whether a staff member from XPM may work in FYI. New ones arrive inactive (FYI: "Managing Users")."""

    INACTIVE = "inactive"
    ACTIVE = "active"


class OwnerKind(StrEnum):
    """What a custom field value belongs to."""

    CLIENT = "client"
    JOB = "job"


class ActorKind(StrEnum):
    """Who acted, as far as the program that writes the audit trail can know it."""

    PERSON = "person"  # logged in to the console
    PROGRAM = "program"  # of FYI, by its API token
    COMMAND = "command"  # an account of the operating system, on the command line
    RUN = "run"  # a flow run in Prefect
    VISITOR = "visitor"  # nobody known


class Action(StrEnum):
    """What is written to the audit trail."""

    LOGIN = "login"
    LOGOUT = "logout"
    LOG_OUT_EVERYWHERE = "log_out_everywhere"
    END_SESSION = "end_session"
    MAKE_LOGIN_LINK = "make_login_link"
    LINK_IDENTITY = "link_identity"
    RECONNECT = "reconnect"
    OPEN_CONNECT_LINK = "open_connect_link"
    GIVE_CONSENT = "give_consent"
    CHOOSE_ACCOUNT = "choose_account"
    CONFIRM_ACCOUNT = "confirm_account"
    RESET_CONNECTION = "reset_connection"
    DISCONNECT = "disconnect"
    SYNC = "sync"
    REVERT = "revert"
    EDIT = "edit"  # records, in FYI; XPM gets it
    PUSH = "push"
    DECIDE_EDIT = "decide_edit"  # what both sides changed, or what XPM refused
    REPLAY_QUARANTINE = "replay_quarantine"
    CONFIRM_MISSING = "confirm_missing"  # records that a sync found suddenly missing
    CHANGE_SETTINGS = "change_settings"
    CHANGE_NEWS = "change_news"
    ADD_PRACTICE = "add_practice"
    CHANGE_PRACTICE = "change_practice"
    ADD_USER = "add_user"
    CHANGE_USER = "change_user"
    ACCEPT_STAFF = "accept_staff"
    OPEN_PAGE = "open_page"  # of the console, by somebody who may not
    READ_AUDIT = "read_audit"
    EXPORT_AUDIT = "export_audit"
    MAKE_API_TOKEN = "make_api_token"  # noqa: S105 - a word
    REVOKE_API_TOKEN = "revoke_api_token"  # noqa: S105 - a word
    CALL_API = "call_api"  # by a program that may not
    MIGRATE = "migrate"
    DEPLOY = "deploy"
    ROTATE_KEYS = "rotate_keys"
    BREAK_LEASE = "break_lease"
    FIND_BREAK = "find_break"  # the trail itself: what was stored of it is not what was written


class AuditOutcome(StrEnum):
    """How an act ended. Long acts have a line when they begin and another when they end."""

    BEGUN = "begun"
    DONE = "done"
    REFUSED = "refused"  # a rule forbids it
    CANCELLED = "cancelled"  # by the person who had asked for it
    FAILED = "failed"
