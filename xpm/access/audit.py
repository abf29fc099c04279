"""The audit trail: who did what, when, from where, and how it ended; refused attempts too.

What it holds follows OWASP ASVS 5.0: each line says when, where, who and what (16.2.1), in UTC (16.2.2), with nothing
secret in it (16.2.5); logins, refused attempts and attempts to get past a rule are in it (16.3.1 to 16.3.3).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlmodel import Session

from xpm.access.actor import Actor
from xpm.access.masking import safe_text, safe_values
from xpm.installation import Installation
from xpm.store.audit import entries
from xpm.store.audit.entries import AuditLine
from xpm.store.tables import SettingValue
from xpm.store.vocabulary import Action, AuditOutcome
from xpm.words import Stopped

__all__ = ["Action", "AuditOutcome", "record", "record_alone", "recording_refusals", "remove_old"]

SESSION_SHOWN = 12  # characters: enough to tell sessions apart, useless to take one over
Settings = Mapping[str, SettingValue]


def record(
    session: Session,
    installation: Installation,
    actor: Actor,
    action: Action,
    *,
    now: datetime,
    practice: str | None = None,
    resource: str | None = None,
    outcome: AuditOutcome = AuditOutcome.DONE,
    before: Settings | None = None,
    after: Settings | None = None,
    detail: str | None = None,
) -> None:
    """Add a line in the caller's transaction, so that an act and its line commit together, or neither does.

    Call it last in the transaction: from then on every other writer of the trail waits for its end.

    Args:
        session: The transaction of the act.
        installation: The installation; its key signs the line, and its secrets are masked.
        actor: Who acts.
        action: What is done.
        now: When.
        practice: The practice's short name as it was given, known or not. None for acts that belong to no practice.
        resource: What it is done to: a person, an account, a run.
        outcome: How it ended.
        before: Settings before the act. Nothing but settings: no records, no tokens.
        after: The same settings after it.
        detail: The key of the sentence that says why, or the name of an error.

    Raises:
        SecretInTrail: `before` or `after` has a setting that is marked secret.
    """
    settings = installation.settings
    line = AuditLine(
        at=now,
        actor_kind=actor.kind,
        actor=safe_text(actor.name, settings) or "",
        session=safe_text(actor.session, settings, SESSION_SHOWN),
        address=safe_text(actor.address, settings),
        flow_run_id=safe_text(actor.flow_run_id, settings),
        named=safe_text(actor.named, settings) or None,
        action=action,
        practice=safe_text(practice, settings),
        resource=safe_text(resource, settings) or None,
        before=safe_values(before, settings),
        after=safe_values(after, settings),
        outcome=outcome,
        detail=safe_text(detail, settings),
    )
    entries.append(session, installation.vault, line)


def record_alone(
    installation: Installation,
    actor: Actor,
    action: Action,
    *,
    practice: str | None = None,
    resource: str | None = None,
    outcome: AuditOutcome = AuditOutcome.REFUSED,
    detail: str | None = None,
) -> None:
    """Add a line in a transaction of its own: of an attempt that was refused, or of an act that writes nothing else."""
    with installation.database.write() as session:
        record(
            session,
            installation,
            actor,
            action,
            now=installation.clock(),
            practice=practice,
            resource=resource,
            outcome=outcome,
            detail=detail,
        )


@contextmanager
def recording_refusals(
    installation: Installation,
    actor: Actor,
    action: Action,
    *,
    practice: str | None = None,
    resource: str | None = None,
) -> Iterator[None]:
    """Add a line if the block is stopped by a rule. The transaction of the block must lie inside it."""
    try:
        yield
    except Stopped as stopped:
        record_alone(installation, actor, action, practice=practice, resource=resource, detail=stopped.message.key)
        raise


def remove_old(installation: Installation, now: datetime) -> int:
    """Remove the lines that are older than XPM_AUDIT_DAYS by `now`, a time that is sure; return how many.

    Each batch is a transaction of its own, so that others get their turn in between.
    """
    before, removed = now - timedelta(days=installation.settings.xpm_audit_days), 0
    while count := _remove_batch(installation, before):
        removed += count
    return removed


def _remove_batch(installation: Installation, before: datetime) -> int:
    with installation.database.write() as session:
        return entries.remove_old(session, installation.vault, before)
