"""Checks that the audit trail is as it was written: nothing changed, removed, inserted or reordered."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, select

from xpm.store.audit import chain
from xpm.store.audit.entries import BATCH, HeadFault, batch_after, head_fault, head_of
from xpm.store.consent.vault import Vault
from xpm.store.tables import AuditEntry, AuditHead
from xpm.store.vocabulary import Action


class BreakKind(StrEnum):
    """What is wrong at one place of the trail."""

    CHANGED = "changed"  # a column is not what its hash was made of
    REMOVED = "removed"  # lines before this one are missing
    INSERTED = "inserted"  # a line where there was none
    RELINKED = "relinked"  # the line does not follow on the one before it: that one was replaced, or the order changed
    FORGED = "forged"  # the line was not signed with a key of ours
    UNREADABLE = "unreadable"
    NOTICED = "noticed"  # a program that appended this line found the trail broken at that time
    ROLLED_BACK = "rolled_back"  # a line that somebody noted elsewhere is not there any more
    HEAD = "head"  # the row that says where the trail begins and ends


@dataclass(frozen=True, slots=True)
class TrailBreak:
    """One place where the trail is not as it was written: a line's number, or 0 for the head."""

    line: int
    kind: BreakKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TrailState:
    """What a check of the whole trail found. `unsigned` lines were signed with keys that were removed since."""

    lines: int
    first_id: int
    last_id: int
    last_hash: str
    since: datetime | None
    unsigned: int
    breaks: tuple[TrailBreak, ...]


@dataclass(slots=True)
class _Walk:
    """How far the check is: what the next line has to follow on, each None if that is not known."""

    vault: Vault
    at: int | None
    hash: str | None
    lines: int = 0
    unsigned: int = 0
    first: AuditEntry | None = None
    breaks: list[TrailBreak] = field(default_factory=list)

    def pass_by(self, entry: AuditEntry) -> None:
        """Check one line and go on to the next. A line with several faults counts once, with the first of them."""
        found = next(self._faults(entry), None)
        if found is not None:
            self.breaks.append(TrailBreak(entry.id, *found))
        self.first = self.first or entry
        self.lines += 1
        self.at, self.hash = entry.id, entry.hash

    def _faults(self, entry: AuditEntry) -> Iterator[tuple[BreakKind, str]]:
        if self.at is not None and entry.id <= self.at:
            yield BreakKind.INSERTED, "before the first line that is kept"
        if self.at is not None and entry.id > self.at + 1:
            yield BreakKind.REMOVED, f"{self.at + 1} to {entry.id - 1}"
        if entry.hash != chain.hash_of(entry):
            yield BreakKind.CHANGED, ""
        genuine = chain.is_genuine(self.vault, entry)
        self.unsigned += genuine is None
        if genuine is False:
            yield BreakKind.FORGED, ""
        if entry.action == Action.FIND_BREAK and not self._is_explained(entry):
            yield BreakKind.NOTICED, str(entry.detail)
        if self.hash is not None and entry.previous_hash != self.hash:
            yield BreakKind.RELINKED, ""

    def _is_explained(self, entry: AuditEntry) -> bool:
        """Whether the head was well after all: a program that lacked the newest key could not check its signature."""
        found: dict[str, Any] = {**(entry.before or {})}
        if entry.detail != HeadFault.UNKNOWN_KEY or found.keys() != AuditHead.model_fields.keys() - {"id"}:
            return False
        return chain.is_genuine_head(self.vault, AuditHead(**found)) is True and found["last_hash"] == self.hash


def verify(session: Session, vault: Vault) -> TrailState:
    """Check every line and the head, in one consistent read. Costs one pass over the trail.

    A trail that was wiped as a whole begins anew and is whole again; `since` and the numbers of the lines show it. The
    same holds for a database that was put back to an earlier state.
    """
    head, highest = head_of(session)
    fault = head_fault(vault, head, highest)
    is_trusted = fault not in {HeadFault.CHANGED, HeadFault.MISSING}
    walk = _Walk(vault, head.anchor_id, head.anchor_hash) if is_trusted else _Walk(vault, None, None)
    for entry in _readable(session, walk):
        walk.pass_by(entry)
    return TrailState(
        lines=walk.lines,
        first_id=walk.first.id if walk.first else 0,
        last_id=head.last_id,
        last_hash=head.last_hash,
        since=walk.first.at if walk.first else None,
        unsigned=walk.unsigned,
        breaks=(*walk.breaks, *_of_the_head(fault, head, highest, walk.hash)),
    )


def has_line(session: Session, number: int, digits: str) -> bool:
    """Whether the line with this number has this hash, as an earlier check told."""
    entry = session.exec(select(AuditEntry.hash).where(AuditEntry.id == number)).one_or_none()
    return entry == digits


def _of_the_head(fault: HeadFault | None, head: AuditHead, highest: int, reached: str | None) -> Iterator[TrailBreak]:
    if fault is HeadFault.LINES_MISSING:
        yield TrailBreak(highest + 1, BreakKind.REMOVED, f"{highest + 1} to {head.last_id}")
    elif fault is HeadFault.LINES_ADDED:
        yield TrailBreak(head.last_id + 1, BreakKind.INSERTED, "after the last line")
    elif fault is not None:
        yield TrailBreak(0, BreakKind.HEAD, fault)
    elif reached not in {None, head.last_hash}:
        yield TrailBreak(highest, BreakKind.RELINKED, "the head has another hash of the last line")


def _readable(session: Session, walk: _Walk) -> Iterator[AuditEntry]:
    """Every line that can be read, oldest first. What cannot be read is noted as a break, and passed over."""
    after: int | None = None
    limit = BATCH
    while True:
        try:
            batch = batch_after(session, after, limit)
        except (ValueError, TypeError, RecursionError):  # SQLite keeps any text where we keep a moment or JSON
            if limit > 1:
                limit = 1  # find out which line it is
                continue
            after = _next_id(session, after)
            walk.breaks.append(TrailBreak(after, BreakKind.UNREADABLE))
            walk.at, walk.hash, limit = after, None, BATCH
            continue
        if not batch:
            return
        yield from batch
        after, limit = batch[-1].id, BATCH


def _next_id(session: Session, after: int | None) -> int:
    ids = select(AuditEntry.id).order_by(col(AuditEntry.id)).limit(1)
    return session.exec(ids if after is None else ids.where(AuditEntry.id > after)).one()
