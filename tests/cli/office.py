"""Prepares records for a command, as if syncs had written them, without Xero."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from tests.cli.shell import SLUG, Installed
from tests.store.kit import job
from xpm.entities.names import Entity
from xpm.store.pull import job_currency, runs
from xpm.store.pull.runs import RunCounts
from xpm.store.records import bulk, edits
from xpm.store.records.kinds import JOBS, STAFF, RecordTable
from xpm.store.records.rows import RecordRow, Scope
from xpm.store.tables import Connection
from xpm.store.vocabulary import FyiStatus, RunStatus, SyncMode, SyncTrigger

BEGAN = datetime.now(UTC).replace(hour=9, minute=30, second=0, microsecond=0) - timedelta(days=3)
SAM, KIRI = "0f6e1c1a-8a52-4c1b-9d0e-6b1f0a7c2d01", "0f6e1c1a-8a52-4c1b-9d0e-6b1f0a7c2d02"
TENANT = "3f6e1c1a-8a52-4c1b-9d0e-6b1f0a7c2d41"


def synced(  # noqa: PLR0917 - what a sync is
    installed: Installed,
    rows: Sequence[RecordRow],
    flow_run_id: str,
    hours: int = 0,
    practice: str = SLUG,
    table: RecordTable = JOBS,
    entity: Entity = Entity.JOBS,
    trigger: SyncTrigger = SyncTrigger.OVERNIGHT,
    person: str | None = None,
    status: RunStatus = RunStatus.SUCCESS,
) -> str:
    """Record a sync that wrote these rows, some hours after the first; return its id."""
    now = BEGAN + timedelta(hours=hours)
    with installed.database.write() as session:
        run = runs.start(
            session,
            practice=practice,
            tenant_id=TENANT,
            entity=entity,
            mode=SyncMode.FULL,
            trigger=trigger,
            person=person,
            flow_run_id=flow_run_id,
            now=now,
        )
        applied = bulk.apply(session, table, Scope(practice, TENANT), rows, run_id=run.id, now=now)
        runs.checkpoint(session, run.id, RunCounts(applied.added, applied.changed, applied.unchanged))
        runs.finish(session, run.id, status, now=now)
        return run.id


def edited(installed: Installed, number: str, person: str | None, **columns: object) -> None:
    """Change a job in FYI, a day after the first sync."""
    with installed.database.write() as session:
        now = BEGAN + timedelta(days=1)
        edits.edit(session, JOBS, Scope(SLUG, TENANT), number, columns, person=person, now=now)


def staff(uuid: str, name: str, email: str | None) -> RecordRow:
    """Describe a staff member."""
    values = {**dict.fromkeys(STAFF.columns), "name": name, "email": email}
    return RecordRow(uuid, uuid.encode(), values)


def status_of(installed: Installed, uuid: str) -> FyiStatus:
    """A staff member's status in FYI."""
    with installed.database.read() as session:
        found = session.connection().execute(STAFF.table.select().where(STAFF.table.c.uuid == uuid))
        return FyiStatus(found.mappings().one()["fyi_status"])


def jobs(installed: Installed) -> int:
    """How many jobs the store has."""
    with installed.database.read() as session:
        return len(session.connection().execute(JOBS.table.select()).all())


def some_jobs(count: int, version: int = 0) -> list[RecordRow]:
    """Jobs J1, J2 and so on."""
    return [job(f"J{number}", version) for number in range(1, count + 1)]


def moved_in(installed: Installed, slug: str, count: int = 60) -> None:
    """Add a connected practice with so many jobs, J1 of which Sam manages, and two of its staff."""
    installed.add_practice(slug)
    people = [staff(SAM, "Sam Tāne", "sam@acme.example"), staff(KIRI, "Kiri Moana", "kiri@acme.example")]
    synced(installed, people, "night", practice=slug, table=STAFF, entity=Entity.STAFF)
    tasks = [{"uuid": "t1", "name": "Plan", "assigned": [{"uuid": SAM}]}]
    first = job("J1", manager_uuid=SAM, manager_name="Sam Tāne", state="In Progress", tasks=tasks)
    synced(installed, [first, *some_jobs(count)[1:]], "night", practice=slug)
    tenant_id = TENANT if slug == SLUG else f"that of {slug}"
    with installed.database.write() as session:
        for table in (JOBS.table, STAFF.table, Connection.__table__):  # type: ignore[attr-defined]
            session.connection().execute(update(table).where(table.c.practice == slug).values(tenant_id=tenant_id))
        job_currency.note(session, Scope(slug, tenant_id), {"J1"})
