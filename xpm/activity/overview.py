"""A practice at a glance: its connection, and the last sync of each entity."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from xpm.installation import Installation
from xpm.store import people, practices
from xpm.store.consent import connections
from xpm.store.pull import runs
from xpm.store.push import edits
from xpm.store.records.rows import Scope
from xpm.store.tables import Connection, Practice, SyncRun
from xpm.store.vocabulary import ConnectionState, EditState, RunStatus, SyncMode, SyncTrigger
from xpm.words import Message, message
from xpm.words.moments import moment_in

TAKEN_BACK = "taken_back"


class LastSync(BaseModel):
    """The latest run of one entity, however it ended.

    `source`, `stored` and `left_out` are those of the last run that counted both sides, which ended at `counted_at`.
    `compared`: of how many clients and jobs the custom field values were compared.
    """

    model_config = ConfigDict(frozen=True)

    entity: str
    trigger: SyncTrigger
    status: RunStatus
    mode: SyncMode
    started_at: datetime
    finished_at: datetime | None
    source: int | None
    stored: int | None
    left_out: int | None
    counted_at: datetime | None
    compared: int | None
    added: int
    changed: int
    unchanged: int
    archived: int
    quarantined: int
    calls: int
    predicted_calls: int | None
    flow_run_id: str | None
    reason_key: str | None = Field(exclude=True)

    @property
    def result(self) -> str:
        """How it ended, in a word. A revert reads as taken back, so that it does not look like a good sync."""
        return TAKEN_BACK if self.trigger is SyncTrigger.REVERT else self.status


class EditsStanding(BaseModel):
    """The edits made in FYI that XPM does not have yet: those that wait to be sent, and those a person decides about.

    `since` is when the oldest of them was made.
    """

    model_config = ConfigDict(frozen=True)

    waiting: int
    conflicts: int
    refused: int
    since: datetime

    @property
    def undecided(self) -> int:
        """How many a person has to decide about."""
        return self.conflicts + self.refused

    def message(self, zone: str) -> Message:
        """Say how many there are, and what to do."""
        since = moment_in(self.since, zone)
        if not self.undecided:
            return message("push.standing", waiting=self.waiting, since=since)
        facts = {"waiting": self.waiting, "conflicts": self.conflicts, "refused": self.refused}
        return message("push.standing_to_decide", undecided=self.undecided, since=since, **facts)


class Overview(BaseModel):
    """One practice at a glance. `edits` is None if XPM has every edit that was made in FYI."""

    model_config = ConfigDict(frozen=True)

    slug: str
    practice: str
    time_zone: str
    state: ConnectionState
    state_name: str  # its key in the words catalogue
    reason_key: str | None
    since: datetime
    tenant_name: str | None
    connected_by: str | None
    syncs: tuple[LastSync, ...]
    edits: EditsStanding | None = None

    @property
    def message(self) -> Message:
        """Say how the connection stands."""
        return message(
            f"state.{self.state_name}",
            practice=self.practice,
            tenant=self.tenant_name or "Xero Practice Manager",
            person=self.connected_by or "an administrator",
            since=moment_in(self.since, self.time_zone),
        )


def overview(installation: Installation, slug: str) -> Overview:
    """Read the practice as it is now. Raises UnknownPractice."""
    with installation.database.read() as session:
        practice = practices.get(session, slug)
        connection = connections.get(session, slug)
        by = people.get(session, connection.connected_by).name if connection.connected_by else None
        syncs = _last_syncs(session, slug)
        edits = _edits_standing(session, Scope(slug, connection.tenant_id or ""))
        return _overview(practice, connection, by, syncs).model_copy(update={"edits": edits})


def _overview(practice: Practice, connection: Connection, by: str | None, syncs: tuple[LastSync, ...]) -> Overview:
    return Overview(
        slug=connection.practice,
        practice=practice.name,
        time_zone=practice.time_zone,
        state=connection.state,
        state_name=state_name(connection, connection.state),
        reason_key=connection.reason_key,
        since=connection.since,
        tenant_name=connection.tenant_name,
        connected_by=by,
        syncs=syncs,
    )


def _edits_standing(session: Session, scope: Scope) -> EditsStanding | None:
    since = edits.oldest_open(session, scope)
    if since is None:
        return None
    count = edits.counts(session, scope)
    waiting = count.get(EditState.QUEUED, 0) + count.get(EditState.SENDING, 0)
    conflicts, refused = count.get(EditState.CONFLICT, 0), count.get(EditState.REFUSED, 0)
    return EditsStanding(waiting=waiting, conflicts=conflicts, refused=refused, since=since)


def _last_syncs(session: Session, slug: str) -> tuple[LastSync, ...]:
    counted = runs.last_counted(session, slug)
    return tuple(_last_sync(run, counted.get(entity)) for entity, run in runs.latest(session, slug).items())


def _last_sync(run: SyncRun, counted: SyncRun | None) -> LastSync:
    """Make the last sync. A run that took records back leaves no count that still holds; nor does another account."""
    if run.trigger is SyncTrigger.REVERT or (counted and counted.tenant_id != run.tenant_id):
        counted = None
    own = LastSync.model_fields.keys() & SyncRun.model_fields.keys()
    facts = {name: getattr(run, name) for name in own} | {"left_out": counted.left_out if counted else None}
    return LastSync(
        source=counted.source_count if counted else None,
        stored=counted.stored_count if counted else None,
        counted_at=counted.finished_at if counted else None,
        **facts,
    )


def state_name(connection: Connection, state: ConnectionState) -> str:
    """Return the state's key in the words catalogue, which tells what people did here from what happened at Xero."""
    done_here = {ConnectionState.DISCONNECTED: "disconnected_here", ConnectionState.NEEDS_RECONNECT: "set_aside"}
    return done_here.get(state, str(state)) if connection.consent_id is None else str(state)
