"""A sync that writes nothing: what it would store is compared with what is there, and told."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import cached_property

from sqlmodel import Session

from xpm.entities.custom_fields import VALUES
from xpm.pull.work import Work
from xpm.store.pull import comparisons
from xpm.store.pull.comparisons import Due
from xpm.store.pull.finished_lists import Finished
from xpm.store.pull.runs import RunCounts
from xpm.store.records import bulk, reads, versions
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Applied, RecordRow
from xpm.store.records.versions import Effect, Version, counted, effect, version_of
from xpm.store.vocabulary import ArchiveReason, OwnerKind
from xpm.undo.changes import ARCHIVED, Change, DryRunResult, FieldDifference, archival, field_changes, name_of
from xpm.xero.records import Unreadable


@dataclass
class Expected:
    """FYI as it would be after the steps so far, as far as that differs from what is stored."""

    versions: dict[str, dict[str, Version]] = field(default_factory=dict)  # by kind and key
    changes: dict[tuple[str, str], Change] = field(default_factory=dict)  # by kind and key; from what is stored
    aside: dict[tuple[str, str], Change] = field(default_factory=dict)  # by kind and key or, without one, payload
    active: Counter[str] = field(default_factory=Counter)  # by kind: how many more records are current
    present: Counter[str] = field(default_factory=Counter)  # by kind: how many more records XPM has
    counts: Counter[str] = field(default_factory=Counter)  # of the run

    def move(self, kind: str, key: str, before: Version | None, after: Version) -> Effect | None:
        """Bring a record to a version, from the one it had before this step."""
        if before == after:
            return None
        self.versions.setdefault(kind, {})[key] = after
        self.active[kind] += (after.archived is None) - (before is not None and before.archived is None)
        self.present[kind] += after.is_present - (before is not None and before.is_present)
        return effect(before, after)


@dataclass(frozen=True)
class DryRun(Work):
    """A sync of which nothing is stored. It takes no lease: it keeps nobody out and nobody keeps it out.

    `earlier` is what the same dry run found of other entities, which a sync would have stored by now.
    """

    earlier: Sequence[DryRunResult] = ()
    expected: Expected = field(default_factory=Expected)

    @contextmanager
    def batch(self) -> Iterator["DryBatch"]:
        """One step, in a session in which writing fails."""
        with self.integration.database.read() as session:
            yield DryBatch(self, session)

    def count_active(self, table: RecordTable) -> int:
        """Count what would be stored."""
        with self.integration.database.read() as session:
            return bulk.count_active(session, table, self.scope) + self.expected.active[table.name]

    def count_present(self, table: RecordTable) -> int:
        """Count the records that XPM has, by what would be stored."""
        with self.integration.database.read() as session:
            return bulk.count_present(session, table, self.scope) + self.expected.present[table.name]

    def as_sent(self, table: RecordTable, digests: Mapping[str, bytes]) -> Collection[str]:
        """Compare with what is stored; what an earlier step would have written is not known by its digest."""
        with self.integration.database.read() as session:
            stored = versions.as_sent(session.connection(), table, self.scope, digests)
        return stored - self.expected.versions.get(table.name, {}).keys()

    def finished(self, name: str) -> None:
        """Every list is read: a dry run shows what is there now."""

    def due(self, kind: OwnerKind, table: RecordTable, *, changes_only: bool) -> list[Due]:
        """What is stored, without the records that would be archived by now and with those that would have come."""
        with self.integration.database.read() as session:
            stored = comparisons.due(session, table, self.scope, kind, changes_only=changes_only)
            current = set(bulk.active_keys(session, table, self.scope))
            compared = comparisons.last_compared(session, self.scope, kind)
        due = {one.key: one for one in stored}
        for key, change in self.changed_before.get(table.name, {}).items():
            if change.archives:
                due.pop(key, None)
            elif key in current or change.effect is not Effect.CHANGED:  # what is archived and stays so is not due
                due[key] = Due(key, int(key in compared), compared.get(key))
        return list(due.values())

    @cached_property
    def changed_before(self) -> Mapping[str, Mapping[str, Change]]:
        """What the same dry run found of other entities, by kind and key; what is set aside would not be stored."""
        found: dict[str, dict[str, Change]] = {}
        for preview in self.earlier:
            for change in preview.changes:
                if change.effect is not Effect.SET_ASIDE:
                    found.setdefault(change.kind, {})[change.key] = change
        return found


@dataclass(frozen=True)
class DryBatch:
    """A step that is only compared with what is stored. What the product notes for itself is left out."""

    work: DryRun
    session: Session

    def known(self, table: RecordTable, keys: Collection[str]) -> Collection[str]:
        """Look them up, among those that would have come by now, too."""
        stored = versions.versions(self.session.connection(), table, self.work.scope, keys)
        return {**stored, **self._expected(table.name, keys)}

    def apply(self, table: RecordTable, rows: Sequence[RecordRow]) -> Applied:
        """Note what would be different, and count it as storing it would."""
        kind, latest = table.name, {row.key: row for row in rows}
        stored = versions.versions(self.session.connection(), table, self.work.scope, latest)
        known = {**stored, **self._expected(kind, latest)}
        effects = {
            key: self.work.expected.move(kind, key, known.get(key), version_of(row)) for key, row in latest.items()
        }
        self._note_changes(table, [latest[key] for key, done in effects.items() if done], stored)
        return counted(effects.values())

    def archive(self, table: RecordTable, keys: Collection[str]) -> int:
        """Note what would be archived, with what an earlier step of this run would have changed of it."""
        kind, scope = table.name, self.work.scope
        stored = versions.versions(self.session.connection(), table, scope, keys)
        known = {**stored, **self._expected(kind, keys)}
        active = [key for key in keys if key in known and known[key].archived is None]
        names = {row.key: name_of(row) for row in reads.read(self.session, table, scope, active)}
        for key in active:
            before, absent = stored.get(key), Version(known[key].content_hash, ArchiveReason.ABSENT)
            self.work.expected.move(kind, key, known[key], absent)
            told = self.work.expected.changes.get((kind, key))
            fields = [field for field in told.fields if field.field != ARCHIVED] if told else []
            was = before and before.archived
            if was is not absent.archived:  # else it only came back for a while, in an earlier list of this run
                fields.append(archival(was, absent.archived))
            self._note(effect(before, absent), kind, key, told.name if told else names[key], fields)
        return len(active)

    def archive_others(self, table: RecordTable) -> int:
        """Note what the practice has of XPM practices it was connected to before; keys repeat between these."""
        archived = 0
        for other in bulk.scopes_beside(self.session, table, self.work.scope):
            keys = list(bulk.active_keys(self.session, table, other))
            for row in reads.read(self.session, table, other, keys):
                mark = archival(None, ArchiveReason.OTHER_ACCOUNT)
                self._note(Effect.ARCHIVED, table.name, f"{row.key} ({other.tenant_id})", name_of(row), [mark])
            archived += len(keys)
        return archived

    def set_aside(self, kind: str, unreadable: Collection[Unreadable], read_well: Collection[str]) -> None:
        """Note what could not be read, each once."""
        aside = self.work.expected.aside
        for key in read_well:
            aside.pop((kind, key), None)
        for record in unreadable:
            reason = FieldDifference(field="", before="", after=record.reason)
            change = Change(effect=Effect.SET_ASIDE, kind=kind, key=record.key or "", fields=(reason,))
            aside[kind, record.key or record.payload] = change

    def dismiss_earlier(self, kind: str) -> None:
        """The quarantine stays as it is."""

    def dismiss_ownerless(self, kind: str, owners: RecordTable) -> None:
        """As above."""

    def note_unknown(self, table: RecordTable, counts: Mapping[str, int]) -> None:
        """They are told by the sync that meets them."""

    def keep_list(self, name: str, finished: Finished) -> None:
        """Nothing goes on from a dry run."""

    def note_current_jobs(self, numbers: Set[str]) -> None:
        """The marks stay as they are."""

    def note_listed_jobs(self, numbers: Collection[str], created_from: date) -> None:
        """What is known of the lists stays as it is."""

    def note_verified_job(self, number: str) -> None:
        """The times stay as they are."""

    def note_compared(self, kind: OwnerKind, owner_keys: Iterable[str], at: datetime) -> None:
        """The times stay as they are."""

    def note(self, tally: RunCounts) -> None:
        """Add to the counts."""
        self.work.expected.counts.update(asdict(tally))

    def _expected(self, kind: str, keys: Collection[str]) -> Mapping[str, Version]:
        versions = self.work.expected.versions.get(kind, {})
        return {key: versions[key] for key in keys if key in versions}

    def _note_changes(self, table: RecordTable, rows: Sequence[RecordRow], stored: Mapping[str, Version]) -> None:
        """Note how these records differ from what is stored, which may be less than from an earlier list."""
        kind, scope = table.name, self.work.scope
        names = self._names(table, rows)
        before = {
            row.key: row
            for row in reads.read(self.session, table, scope, [row.key for row in rows if row.key in stored])
        }
        for row in rows:
            done = effect(stored.get(row.key), version_of(row))
            if row.key in before:
                fields = [*field_changes(before[row.key], row)]
            else:
                fields = [archival(None, row.archived)] if row.archived else []
            self._note(done, kind, row.key, names[row.key], fields)

    def _note(self, done: Effect | None, kind: str, key: str, name: str, fields: Iterable[FieldDifference]) -> None:
        if done is None:
            self.work.expected.changes.pop((kind, key), None)
        else:
            change = Change(effect=done, kind=kind, key=key, name=name, fields=tuple(fields))
            self.work.expected.changes[kind, key] = change

    def _names(self, table: RecordTable, rows: Sequence[RecordRow]) -> Mapping[str, str]:
        """What the records are called; values are called as the client or job that has them."""
        if not table.fixed:
            return {row.key: name_of(row) for row in rows}
        owners = VALUES[OwnerKind(table.fixed["owner_kind"])].owners
        coming = self.work.changed_before.get(owners.name, {})
        keys = [row.key for row in rows]
        stored = versions.names(self.session, owners, self.work.scope, keys)
        return {key: coming[key].name if key in coming else stored.get(key, "") for key in keys}
