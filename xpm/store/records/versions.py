"""Decides what a new version does to a record. Both the bulk path and dry runs use this rule."""

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
    """What a sync does to a record that it does not leave unchanged."""

    ADDED = "added"
    CHANGED = "changed"
    RESTORED = "restored"
    ARCHIVED = "archived"
    SET_ASIDE = "set_aside"  # XPM sent it, but it could not be read


@dataclass(frozen=True, slots=True)
class Version:
    """What identifies a version of a record: its digest, and why it is archived, if it is."""

    content_hash: bytes
    archived: ArchiveReason | None

    @property
    def is_present(self) -> bool:
        """Whether XPM is known to have the record, even if it calls it archived or deleted."""
        return self.archived not in GONE


def version_of(row: RecordRow) -> Version:
    """The version that XPM sent."""
    return Version(row.content_hash, row.archived)


def versions(connection: Connection, table: RecordTable, scope: Scope, keys: Collection[str]) -> dict[str, Version]:
    """The stored versions of these records, archived or not. Records that are not stored are left out."""
    columns = table.table.c
    found = select(columns[table.key], columns.content_hash, columns.archived_reason).where(
        in_scope(table, scope), among(columns[table.key], keys)
    )
    return {key: Version(digest, archived) for key, digest, archived in connection.execute(found).all()}


def as_sent(connection: Connection, table: RecordTable, scope: Scope, digests: Mapping[str, bytes]) -> set[str]:
    """The keys of the records that are stored exactly as sent now, and that XPM was known to have."""
    columns = table.table.c
    found = select(columns[table.key], columns.sent_digest).where(
        in_scope(table, scope), among(columns[table.key], digests), is_present(table)
    )
    return {key for key, digest in connection.execute(found).all() if digest == digests[key]}


def names(session: Session, table: RecordTable, scope: Scope, keys: Collection[str]) -> dict[str, str]:
    """The stored names of these records. The table must have a name column."""
    columns = table.table.c
    found = select(columns[table.key], columns.name).where(in_scope(table, scope), among(columns[table.key], keys))
    return {key: name or "" for key, name in session.connection().execute(found)}


def effect(before: Version | None, after: Version) -> Effect | None:
    """What moving from one version to another does to a record; `None` if both are the same."""
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
