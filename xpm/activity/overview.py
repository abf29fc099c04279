"""A practice at a glance: its connection, and the last sync of each entity."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from xpm.installation import Installation
from xpm.store import people, practices
from xpm.store.consent import connections
from xpm.store.pull import runs
from xpm.store.tables import Connection, Practice, SyncRun
from xpm.store.vocabulary import ConnectionState, RunStatus, SyncTrigger
from xpm.words import Message, message
from xpm.words.moments import moment_in

TAKEN_BACK = "taken_back"


class LastSync(BaseModel):
    """The latest run of one entity, however it ended."""

    model_config = ConfigDict(frozen=True)

    entity: str
    trigger: SyncTrigger
    status: RunStatus
    finished_at: datetime | None
    source: int | None
    stored: int | None
    added: int
    changed: int
    unchanged: int
    archived: int
    quarantined: int
    calls: int
    predicted_calls: int | None
    flow_run_id: str | None

    @property
    def result(self) -> str:
        """How it ended, in a word. A revert reads as taken back, so that it does not look like a good sync."""
        return TAKEN_BACK if self.trigger is SyncTrigger.REVERT else self.status


class Overview(BaseModel):
    """One practice at a glance."""

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
        latest = runs.latest(session, slug)
        return _overview(practice, connection, by, latest)


def _overview(practice: Practice, connection: Connection, by: str | None, latest: dict[str, SyncRun]) -> Overview:
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
        syncs=tuple(_last_sync(run) for run in latest.values()),
    )


def _last_sync(run: SyncRun) -> LastSync:
    counted = LastSync.model_fields.keys() & SyncRun.model_fields.keys()
    return LastSync(source=run.source_count, stored=run.stored_count, **{name: getattr(run, name) for name in counted})


def state_name(connection: Connection, state: ConnectionState) -> str:
    """Return the state's key in the words catalogue, which tells what people did here from what happened at Xero."""
    done_here = {ConnectionState.DISCONNECTED: "disconnected_here", ConnectionState.NEEDS_RECONNECT: "set_aside"}
    return done_here.get(state, str(state)) if connection.consent_id is None else str(state)
