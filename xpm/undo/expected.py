"""FYI as a dry run expects it to be: each batch is compared with the store instead of being stored."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from sqlmodel import Session

from xpm.entities.custom_fields import VALUES
from xpm.store.pull.finished_lists import Finished
from xpm.store.pull.runs import RunCounts
from xpm.store.push import edits
from xpm.store.push.protection import EDITABLE, protected
from xpm.store.records import bulk, identity, reads, versions
from xpm.store.records.identity import Known
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Applied, RecordRow, Scope
from xpm.store.records.unread import completed
from xpm.store.records.versions import Effect, Version, counted, effect, version_of
from xpm.store.vocabulary import ArchiveReason, OwnerKind
from xpm.undo.changes import ARCHIVED, Change, FieldDifference, archival, field_changes, name_of, number_of
from xpm.xero.records import Unreadable

ChangedBefore = Mapping[str, Mapping[str, Change]]
"""The changes that the same dry run found in other entities, by kind and key."""


@dataclass
class Expected:
    """How FYI would differ from the store after the batches so far."""

    versions: dict[str, dict[str, Version]] = field(default_factory=dict)  # by kind and key
    changes: dict[tuple[str, str], Change] = field(default_factory=dict)  # against the store; by kind and key
    aside: dict[tuple[str, str], Change] = field(default_factory=dict)  # by kind and key, or payload without a key
    present: Counter[str] = field(default_factory=Counter)  # by kind: how many more records XPM has
    counts: Counter[str] = field(default_factory=Counter)  # of the run

    def move(self, kind: str, key: str, before: Version | None, after: Version) -> Effect | None:
        """Move a record to a version, from the version it had before this batch."""
        if before == after:
            return None
        self.versions.setdefault(kind, {})[key] = after
        self.present[kind] += after.is_present - (before is not None and before.is_present)
        return effect(before, after)


class Named(NamedTuple):
    """What people call a record. `number` is empty for kinds that have none."""

    name: str
    number: str


@dataclass(frozen=True)
class DryBatch:
    """A batch that is compared with the store. The product's own bookkeeping is left out."""

    session: Session
    scope: Scope
    expected: Expected
    changed_before: ChangedBefore

    def known(self, table: RecordTable, keys: Collection[str]) -> Mapping[str, Version]:
        """Look the keys up in the store and among the records that would have been stored by now."""
        stored = versions.versions(self.session.connection(), table, self.scope, keys)
        return {**stored, **self._expected_versions(table.name, keys)}

    def numbered(self, table: RecordTable, numbers: Collection[str]) -> Collection[Known]:
        """Look the numbers up in the store. A record that would have been added by number has it as its key."""
        return identity.known_by_number(self.session.connection(), table, self.scope, numbers)

    def rekey(self, table: RecordTable, uuids: Mapping[str, str]) -> Mapping[str, str]:
        """Let them keep their numbers as keys, so that they are compared with what is stored."""
        return {number: number for number in uuids}

    def apply(self, table: RecordTable, rows: Sequence[RecordRow]) -> Applied:
        """Record what would change, and count it as a real batch would."""
        keys = [row.key for row in rows]
        waiting = edits.open_of(self.session, self.scope, table.name, keys) if table.name in EDITABLE else {}
        read = completed(self.session, table, self.scope, rows)
        full = protected(self.session, table, self.scope, read, waiting)
        kind, latest = table.name, {row.key: row for row in full}
        stored = versions.versions(self.session.connection(), table, self.scope, latest)
        known = {**stored, **self._expected_versions(kind, latest)}
        effects = {key: self.expected.move(kind, key, known.get(key), version_of(row)) for key, row in latest.items()}
        self._note_changes(table, [latest[key] for key, done in effects.items() if done], stored)
        return counted(effects.values())

    def archive(self, table: RecordTable, keys: Collection[str]) -> int:
        """Record what would be archived, with the changes that an earlier batch of this run would have made."""
        kind, scope = table.name, self.scope
        stored = versions.versions(self.session.connection(), table, scope, keys)
        known = {**stored, **self._expected_versions(kind, keys)}
        active = [key for key in keys if key in known and known[key].archived is None]
        names = {row.key: _named(table, row) for row in reads.read(self.session, table, scope, active)}
        for key in active:
            before, absent = stored.get(key), Version(known[key].content_hash, ArchiveReason.ABSENT)
            self.expected.move(kind, key, known[key], absent)
            change = self.expected.changes.get((kind, key))
            fields = [field for field in change.fields if field.field != ARCHIVED] if change else []
            was = before and before.archived
            if was is not absent.archived:  # otherwise an earlier list of this run only brought it back for a while
                fields.append(archival(was, absent.archived))
            named = Named(change.name, change.number) if change else names[key]
            self._note(effect(before, absent), kind, key, named, fields)
        return len(active)

    def archive_others(self, table: RecordTable) -> int:
        """Record the records of the practice's former accounts as archived. Their keys may repeat between accounts."""
        archived = 0
        for other in bulk.other_scopes(self.session, table, self.scope):
            keys = list(bulk.active_keys(self.session, table, other))
            for row in reads.read(self.session, table, other, keys):
                mark = archival(None, ArchiveReason.OTHER_ACCOUNT)
                self._note(Effect.ARCHIVED, table.name, f"{row.key} ({other.tenant_id})", _named(table, row), [mark])
            archived += len(keys)
        return archived

    def set_aside(self, kind: str, unreadable: Collection[Unreadable], read_well: Collection[str]) -> None:
        """Record each unreadable record once."""
        aside = self.expected.aside
        for key in read_well:
            aside.pop((kind, key), None)
        for record in unreadable:
            reason = FieldDifference(field="", before="", after=record.reason)
            change = Change(Effect.SET_ASIDE, kind, record.key or "", fields=(reason,), number=record.number or "")
            aside[kind, record.key or record.payload] = change

    def dismiss_earlier(self, kind: str) -> None:
        """Nothing: the quarantine stays as it is."""

    def dismiss_ownerless(self, kind: str, owners: RecordTable) -> None:
        """Nothing: the quarantine stays as it is."""

    def note_unknown(self, table: RecordTable, counts: Mapping[str, int]) -> None:
        """Nothing: the next sync reports them."""

    def note_replaced(self, table: RecordTable, places: Sequence[str]) -> None:
        """Nothing: the next sync reports them."""

    def keep_list(self, name: str, finished: Finished) -> None:
        """Nothing: no run continues a dry run."""

    def note_current_jobs(self, keys: Set[str]) -> None:
        """Nothing: the marks stay as they are."""

    def note_listed_jobs(self, keys: Collection[str], created_from: date) -> None:
        """Nothing: the windows stay as they are."""

    def note_verified_job(self, key: str) -> None:
        """Nothing: the times stay as they are."""

    def note_compared(self, kind: OwnerKind, owner_keys: Iterable[str], at: datetime) -> None:
        """Nothing: the times stay as they are."""

    def note(self, tally: RunCounts) -> None:
        """Add to the counts of the dry run."""
        self.expected.counts.update(asdict(tally))

    def _expected_versions(self, kind: str, keys: Collection[str]) -> Mapping[str, Version]:
        moved = self.expected.versions.get(kind, {})
        return {key: moved[key] for key in keys if key in moved}

    def _note_changes(self, table: RecordTable, rows: Sequence[RecordRow], stored: Mapping[str, Version]) -> None:
        """Record how these records differ from the store. That may be less than they differ from an earlier list."""
        kind, scope = table.name, self.scope
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

    def _note(self, done: Effect | None, kind: str, key: str, named: Named, fields: Iterable[FieldDifference]) -> None:
        if done is None:
            self.expected.changes.pop((kind, key), None)
        else:
            change = Change(done, kind, key, named.name, tuple(fields), named.number)
            self.expected.changes[kind, key] = change

    def _names(self, table: RecordTable, rows: Sequence[RecordRow]) -> Mapping[str, Named]:
        """What people call the records. Values go by the client or job that has them."""
        if not table.fixed:
            return {row.key: _named(table, row) for row in rows}
        owners = VALUES[OwnerKind(table.fixed["owner_kind"])].owners
        coming = self.changed_before.get(owners.name, {})
        keys = [row.key for row in rows]
        names = versions.names(self.session, owners, self.scope, keys)
        numbers = identity.numbers_of(self.session, owners, self.scope, keys)
        stored = {key: Named(names.get(key, ""), numbers[key]) for key in keys}
        return stored | {key: Named(coming[key].name, coming[key].number) for key in keys if key in coming}


def _named(table: RecordTable, row: RecordRow) -> Named:
    return Named(name_of(row), number_of(table, row))
