"""Takes back what runs did: every record becomes as it was before the first of them.

It all happens inside the database, in a few statements for each kind of record, so that rows come back exactly.
A revert writes its own history and can be taken back like any run.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Join,
    Subquery,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlmodel import Session

from xpm.store.engine.key_lists import among
from xpm.store.pull import comparisons, job_checks
from xpm.store.pull.runs import RunCounts
from xpm.store.records.changes import CHANGES, Author, changed_by, keep_former_rows, same_record
from xpm.store.records.kinds import ALL, CLIENTS, CONTACTS, RecordTable
from xpm.store.vocabulary import ChangeKind

RECORD = ("practice", "tenant_id", "record_table", "record_key")
STAMPS = ("changed_at", "changed_by_run")
NOTHING = "nothing"  # the effect on a record that is as it was before already


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """A record that a person or another run changed after the runs to take back."""

    table: RecordTable
    tenant_id: str
    key: str
    at: datetime
    person: str | None
    run_id: str | None


def preview(session: Session, run_ids: Collection[str], *, overwrite: bool) -> dict[str, RunCounts]:
    """What `revert` would do to the records of each kind, by the kind's name. Kinds without records are left out."""
    found: dict[str, RunCounts] = {}
    for table in ALL.values():
        plan = _Plan(table, run_ids)
        effects = select(plan.effect.label("effect"), func.count()).select_from(plan.sides).where(plan.which(overwrite))
        counts = session.connection().execute(effects.group_by("effect")).all()
        if counts:
            found[table.name] = RunCounts(**dict(counts))
    return found


def changed_since(session: Session, run_ids: Collection[str], limit: int) -> list[ChangedSince]:
    """List the records that others changed since, with the last change of each, newest first."""
    found: list[ChangedSince] = []
    for table in ALL.values():
        plan = _Plan(table, run_ids)
        changed = (
            select(CHANGES)
            .select_from(plan.sides.join(CHANGES, CHANGES.c.id == plan.theirs))
            .where(plan.effect != NOTHING, ~plan.is_ours)
            .order_by(CHANGES.c.id.desc())
            .limit(limit)
        )
        rows = session.connection().execute(changed)
        found += [ChangedSince(table, row.tenant_id, row.record_key, row.at, row.person, row.run_id) for row in rows]
    return sorted(found, key=lambda one: one.at, reverse=True)[:limit]


def revert(session: Session, run_ids: Collection[str], author: Author, *, overwrite: bool) -> RunCounts:
    """Restore every record that these runs touched to how it was before the first of them, and return the counts.

    Records that others changed since stay as they are, unless `overwrite`.
    """
    counts: dict[str, int] = {}
    for table in ALL.values():
        _note(session, table, _Plan(table, run_ids), author, overwrite=overwrite)
        ours = and_(CHANGES.c.run_id == author.run_id, CHANGES.c.record_table == table.name)
        keep_former_rows(session.connection(), table, ours)
        _put_back(session, table, ours)
        noted = select(CHANGES.c.kind, func.count()).where(ours).group_by(CHANGES.c.kind)
        for kind, count in session.connection().execute(noted):
            counts[kind] = counts.get(kind, 0) + count
    comparisons.forget_comparisons(session, author.run_id)
    job_checks.forget_verified(session, author.run_id)
    _read_anew(session, author.run_id)
    return RunCounts(**counts)


class _Plan:
    """The first change of each record by these runs, beside the record as it was before and as it is now.

    Every writer stamps a record with its run and the time, and a revert restores old stamps, so the stamps tell which
    version a record has and who made it. `newest` is the id of the record's last change by anybody; `theirs` is the id
    of the last change by anybody else since the first.
    """

    def __init__(self, table: RecordTable, run_ids: Collection[str]) -> None:
        self.first = _first_changes(run_ids, table)
        main = table.parts[0]
        now, before = main.table, main.before
        same = and_(
            *(now.c[name] == self.first.c[name] for name in ("practice", "tenant_id")),
            *(now.c[name] == value for name, value in table.fixed.items()),
            now.c[main.key] == self.first.c.record_key,
        )
        self.sides: Join = self.first.outerjoin(now, same).outerjoin(before, before.c.change_id == self.first.c.id)
        was_there, is_there = before.c.change_id.is_not(None), now.c[main.key].is_not(None)
        as_before = (now.c[name].is_not_distinct_from(before.c[name]) for name in STAMPS)
        self.effect = case(
            (or_(and_(~was_there, ~is_there), and_(was_there, is_there, *as_before)), literal(NOTHING)),
            (~is_there, ChangeKind.ADDED.value),
            (~was_there, ChangeKind.REMOVED.value),
            *_archiving(now, before),
            else_=ChangeKind.CHANGED.value,
        )
        later = CHANGES.alias("later_change")
        same_one = [later.c[name] == self.first.c[name] for name in RECORD]
        self.newest = select(func.max(later.c.id)).where(*same_one).correlate(self.first).scalar_subquery()
        others = or_(later.c.run_id.is_(None), ~among(later.c.run_id, run_ids))
        by_others = and_(*same_one, later.c.id > self.first.c.id, others)
        self.theirs = select(func.max(later.c.id)).where(by_others).correlate(self.first).scalar_subquery()
        between = exists().where(by_others, later.c.id < self.first.c.last).correlate(self.first)
        by_us = and_(now.c.changed_by_run.is_not(None), among(now.c.changed_by_run, run_ids))
        self.is_ours = and_(~between, or_(self.newest == self.first.c.last, and_(is_there, by_us)))
        """Whether the record is as one of these runs left it, and nobody else changed it in between."""

    def which(self, overwrite: bool) -> ColumnElement[bool]:
        """The records that may be touched."""
        return and_(self.effect != NOTHING, literal(value=True) if overwrite else self.is_ours)


def _archiving(now: Table, before: Table) -> list[tuple[ColumnElement[bool], str]]:
    if "archived_at" not in now.c:
        return []
    was, is_ = before.c.archived_at.is_not(None), now.c.archived_at.is_not(None)
    return [(and_(was, ~is_), ChangeKind.ARCHIVED.value), (and_(~was, is_), ChangeKind.RESTORED.value)]


def _first_changes(run_ids: Collection[str], table: RecordTable) -> Subquery:
    """The first and the last change of each record by these runs."""
    record = [CHANGES.c[name] for name in RECORD]
    mine = and_(among(CHANGES.c.run_id, run_ids), CHANGES.c.record_table == table.name)
    ends = select(*record, func.min(CHANGES.c.id).label("id"), func.max(CHANGES.c.id).label("last")).where(mine)
    return ends.group_by(*record).subquery("first_change")


def _note(session: Session, table: RecordTable, plan: _Plan, author: Author, *, overwrite: bool) -> None:
    """Log what happens to each record, and which change that takes back."""
    record = [plan.first.c[name] for name in RECORD]
    values = {"run_id": author.run_id, "person": author.person, "at": author.at}
    columns = [literal(value, CHANGES.c[name].type).label(name) for name, value in values.items()]
    rows = select(*record, plan.effect, plan.first.c.id, *columns).select_from(plan.sides).where(plan.which(overwrite))
    session.connection().execute(insert(CHANGES).from_select([*RECORD, "kind", "restores", *values], rows))


def _put_back(session: Session, table: RecordTable, ours: ColumnElement[bool]) -> None:
    """Replace each record's rows by its former rows from before the change that is taken back, if there were any."""
    for part in table.parts:
        taken = exists().where(ours, same_record(table, part)).correlate(part.table)
        session.connection().execute(delete(part.table).where(taken))
        names = part.table.columns.keys()
        former = (
            select(*(part.before.c[name] for name in names))
            .select_from(CHANGES.join(part.before, part.before.c.change_id == CHANGES.c.restores))
            .where(ours)
        )
        session.connection().execute(insert(part.table).from_select(names, former))


def _read_anew(session: Session, run_id: str | None) -> None:
    """Make the next sync read the clients that were not reverted but have a contact that was.

    A contact is written only together with its clients, and a client that is stored exactly as sent would be skipped.
    """
    clients, links = CLIENTS.table, CLIENTS.owned["client_contact"].table
    taken = select(CHANGES).where(CHANGES.c.run_id == run_id).subquery("taken_back")
    of_contact = [taken.c[name] == clients.c[name] for name in ("practice", "tenant_id")]
    of_contact += [links.c[name] == clients.c[name] for name in ("practice", "tenant_id")]
    names_it = exists().where(
        *of_contact,
        taken.c.record_table == CONTACTS.name,
        links.c.contact_uuid == taken.c.record_key,
        links.c.client_uuid == clients.c.uuid,
    )
    itself = changed_by(run_id, CLIENTS, clients, "uuid")
    session.connection().execute(update(clients).where(names_it, ~itself).values(content_hash=b"", sent_digest=None))
