"""What bringing records to new versions does: the rule, for whoever does it and for whoever only tells."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select
from sqlmodel import Session

from xpm.store.engine.key_lists import among
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import Applied, RecordRow, Scope
from xpm.store.records.scope import in_scope, is_present
from xpm.store.vocabulary import GONE, ArchiveReason


class Effect(StrEnum):
    """What a sync does to a record that it does not leave as it is."""

    ADDED = "added"
    CHANGED = "changed"
    RESTORED = "restored"
    ARCHIVED = "archived"
    SET_ASIDE = "set_aside"  # XPM sent it, and it could not be read


@dataclass(frozen=True, slots=True)
class Version:
    """What tells whether a record is the same: its digest, and why it is no longer current."""

    content_hash: bytes
    archived: ArchiveReason | None

    @property
    def is_present(self) -> bool:
        """Whether XPM has the record, as far as is known: also one that it calls archived or deleted."""
        return self.archived not in GONE


def version_of(row: RecordRow) -> Version:
    """The version that XPM sent."""
    return Version(row.content_hash, row.archived)


def versions(connection: Connection, table: RecordTable, scope: Scope, keys: Collection[str]) -> dict[str, Version]:
    """The stored versions of these records, archived ones too; what is not stored is not in it."""
    columns = table.table.c
    found = select(columns[table.key], columns.content_hash, columns.archived_reason).where(
        in_scope(table, scope), among(columns[table.key], keys)
    )
    return {key: Version(digest, archived) for key, digest, archived in connection.execute(found).all()}


def as_sent(connection: Connection, table: RecordTable, scope: Scope, digests: Mapping[str, bytes]) -> set[str]:
    """Which of these records are stored just as they are sent now, and are what XPM has as far as is known."""
    columns = table.table.c
    found = select(columns[table.key], columns.sent_digest).where(
        in_scope(table, scope), among(columns[table.key], digests), is_present(table)
    )
    return {key for key, digest in connection.execute(found).all() if digest == digests[key]}


def names(session: Session, table: RecordTable, scope: Scope, keys: Collection[str]) -> dict[str, str]:
    """The stored names of these records; the table has to have names."""
    columns = table.table.c
    found = select(columns[table.key], columns.name).where(in_scope(table, scope), among(columns[table.key], keys))
    return {key: name or "" for key, name in session.connection().execute(found)}


def effect(before: Version | None, after: Version) -> Effect | None:
    """What becomes of a record that is brought from one version to another; nothing where both are the same."""
    if before is None:
        return Effect.ADDED
    if before == after:
        return None
    if after.archived is None and before.archived is not None:
        return Effect.RESTORED
    if after.archived is not None and before.archived is None:
        return Effect.ARCHIVED
    return Effect.CHANGED


def counted(effects: Iterable[Effect | None]) -> Applied:
    """The counts of a batch."""
    of = Counter(effects)
    return Applied(of[Effect.ADDED], of[Effect.CHANGED], of[None], of[Effect.RESTORED], of[Effect.ARCHIVED])
