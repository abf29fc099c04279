"""Appends lines to the audit trail, reads them, and removes those that are too old."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from xpm.store.audit import chain
from xpm.store.consent.vault import Vault
from xpm.store.engine.upserts import insert_into
from xpm.store.tables import AuditEntry, AuditHead, SettingValue, StoreTable
from xpm.store.vocabulary import Action, ActorKind, AuditOutcome

BATCH = 500  # lines that are read or removed at once
_HEADS = StoreTable.metadata.tables["audit_head"]
_EMPTY: Mapping[str, Any] = {
    "id": 1,
    "anchor_id": 0,
    "anchor_hash": chain.BEGINNING,
    "last_id": 0,
    "last_hash": chain.BEGINNING,
    "key_id": "",
    "signature": "",
}
"""The head of a trail that has no line yet."""


class HeadFault(StrEnum):
    """What is wrong with the head of a trail."""

    MISSING = "head_missing"
    CHANGED = "head_changed"
    UNKNOWN_KEY = "head_key_unknown"
    LINES_MISSING = "last_lines_missing"  # the head counts more lines than there are
    LINES_ADDED = "lines_added"  # there are more lines than the head counts


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """What a new line says. Nothing here is checked for secrets: `xpm.access.audit` does that."""

    at: datetime
    actor_kind: ActorKind
    actor: str
    action: Action
    outcome: AuditOutcome
    session: str | None = None
    address: str | None = None
    flow_run_id: str | None = None
    named: str | None = None
    practice: str | None = None
    resource: str | None = None
    before: dict[str, SettingValue] | None = None
    after: dict[str, SettingValue] | None = None
    detail: str | None = None


def append(session: Session, vault: Vault, line: AuditLine) -> AuditEntry:
    """Add a line at the end, in the caller's transaction. The trail stays locked until that ends: append last.

    If the head is not as a program of ours left it, a line that says so comes first, with the head as it was found.
    The new signature thus never hides a break.
    """
    head, highest = _locked_head(session), _highest(session)
    if fault := head_fault(vault, head, highest):
        last = head.last_id if fault is HeadFault.LINES_MISSING else highest  # otherwise the head is not to be trusted
        _append(session, vault, head, _found(fault, head, line), last)
    return _append(session, vault, head, line, head.last_id)


def head_fault(vault: Vault, head: AuditHead, highest: int) -> HeadFault | None:
    """What is wrong with the head, if anything. `highest` is the number of the last stored line, 0 without any."""
    if not head.signature:
        return HeadFault.MISSING if highest or head.last_id else None
    match chain.is_genuine_head(vault, head):
        case None:
            return HeadFault.UNKNOWN_KEY
        case False:
            return HeadFault.CHANGED
    counted = head.last_id if head.last_id > head.anchor_id else 0
    if highest == counted:
        return None
    return HeadFault.LINES_MISSING if highest < counted else HeadFault.LINES_ADDED


def head_of(session: Session) -> tuple[AuditHead, int]:
    """The head, or an empty one if there is none, and the number of the last stored line."""
    return session.get(AuditHead, 1, populate_existing=True) or AuditHead(**_EMPTY), _highest(session)


def sign_again(session: Session, vault: Vault) -> None:
    """Sign the head with the newest key, so that older keys can go. A head with a fault stays as it is."""
    head = _locked_head(session)
    if head.signature and head_fault(vault, head, _highest(session)) is None:
        chain.seal_head(vault, head)
    session.flush()


def recent(
    session: Session,
    limit: int,
    *,
    practice: str | None = None,
    since: datetime | None = None,
    before: int | None = None,
) -> list[AuditEntry]:
    """List lines, newest first. `before` is the number of the line after which the next page starts."""
    lines = select(AuditEntry)
    if practice is not None:
        lines = lines.where(AuditEntry.practice == practice)
    if since is not None:
        lines = lines.where(AuditEntry.at >= since)
    if before is not None:
        lines = lines.where(AuditEntry.id < before)
    return list(session.exec(lines.order_by(col(AuditEntry.id).desc()).limit(limit)))


def last_of_run(session: Session, practice: str, flow_run_id: str, action: str) -> AuditEntry | None:
    """Return the last line about this action of a practice's flow run."""
    wanted = select(AuditEntry).where(
        AuditEntry.practice == practice, AuditEntry.flow_run_id == flow_run_id, AuditEntry.action == action
    )
    return session.exec(wanted.order_by(col(AuditEntry.id).desc()).limit(1)).first()


def in_order(session: Session) -> Iterator[AuditEntry]:
    """Every line, oldest first, `BATCH` at a time. Raises ValueError for a line that cannot be read."""
    after: int | None = None
    while batch := batch_after(session, after, BATCH):
        yield from batch
        after = batch[-1].id


def batch_after(session: Session, after: int | None, limit: int) -> list[AuditEntry]:
    """The next lines, oldest first. Raises ValueError if one of them cannot be read."""
    lines = select(AuditEntry).order_by(col(AuditEntry.id)).limit(limit)
    found = list(session.exec(lines if after is None else lines.where(AuditEntry.id > after)))
    session.expunge_all()  # a long trail need not stay in memory
    return found


def remove_old(session: Session, vault: Vault, before: datetime) -> int:
    """Remove the oldest lines written before a moment, at most `BATCH`, and return how many.

    First the anchor moves to the last of them, and is signed: the database lets no other line be deleted. Nothing is
    removed from a trail whose head has a fault.
    """
    head = _locked_head(session)
    if not head.signature or head_fault(vault, head, _highest(session)) is not None:
        return 0
    last = _last_before(session, head.anchor_id, before)
    if last is None:
        return 0
    head.anchor_id, head.anchor_hash = last.id, last.hash
    chain.seal_head(vault, head)
    session.flush()
    return session.connection().execute(delete(AuditEntry).where(col(AuditEntry.id) <= last.id)).rowcount


def _last_before(session: Session, anchor_id: int, before: datetime) -> AuditEntry | None:
    """The last of the oldest lines that are all too old."""
    oldest = select(AuditEntry).where(AuditEntry.id > anchor_id).order_by(col(AuditEntry.id)).limit(BATCH)
    last: AuditEntry | None = None
    for entry in session.exec(oldest):
        if entry.at >= before:
            break
        last = entry
    return last


def _locked_head(session: Session) -> AuditHead:
    """The head, locked until the transaction ends; made if there is none."""
    session.flush()
    made = insert_into(session.connection().dialect, _HEADS).values(_EMPTY).on_conflict_do_nothing()
    session.connection().execute(made)
    head = session.get(AuditHead, 1, with_for_update=True, populate_existing=True)
    assert head is not None  # noqa: S101 - made above if there was none, and the database lets nobody delete it
    return head


def _highest(session: Session) -> int:
    return session.exec(select(func.max(AuditEntry.id))).one() or 0


def _append(session: Session, vault: Vault, head: AuditHead, line: AuditLine, after: int) -> AuditEntry:
    said: dict[str, Any] = {
        name: str(value) if isinstance(value, StrEnum) else value for name, value in asdict(line).items()
    }
    entry = AuditEntry(id=after + 1, previous_hash=head.last_hash, hash="", key_id="", signature="", **said)
    chain.seal(vault, entry)
    head.last_id, head.last_hash = entry.id, entry.hash
    chain.seal_head(vault, head)
    session.add(entry)
    session.flush()
    return entry


def _found(fault: HeadFault, head: AuditHead, line: AuditLine) -> AuditLine:
    """The line that says what was wrong with the head, found by whoever acts."""
    return replace(
        line,
        action=Action.FIND_BREAK,
        outcome=AuditOutcome.DONE,
        practice=None,
        resource=None,
        before=head.model_dump(exclude={"id"}),
        after=None,
        detail=fault,
    )
