"""Decides which entities a sync leaves out, and why."""

from collections.abc import Iterable
from functools import partial

from sqlmodel import Session

from xpm.entities.entity import Circumstances, Definition
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS
from xpm.store import people, practices
from xpm.store.consent import consents
from xpm.store.tables import IntegrationSettings, Practice
from xpm.store.vocabulary import SyncTrigger
from xpm.words import Message, message
from xpm.xero.scopes import READ, Coverage, covers


def not_left_out(
    session: Session,
    practice: Practice,
    entities: Iterable[Entity],
    trigger: SyncTrigger,
    *,
    tax_source: bool,
    person: str | None = None,
) -> list[Entity]:
    """The entities that a sync with this trigger, asked for by this person, includes.

    The practice's settings and the scopes of its consent leave the others out.
    """
    left_out = partial(
        reason_to_skip,
        trigger=trigger,
        practice=practice,
        settings=practices.settings_of(session, practice.slug),
        granted=consents.granted_to(session, practice.slug),
        tax_source=tax_source,
        by_user=is_user(session, practice.slug, person),
    )
    return [entity for entity in entities if left_out(entity) is None]


def reason_to_skip(
    entity: Entity,
    trigger: SyncTrigger,
    practice: Practice,
    settings: IntegrationSettings,
    granted: frozenset[str] | None,
    *,
    tax_source: bool,
    by_user: bool,
) -> str | None:
    """The words key of the reason why a sync leaves `entity` out now, or `None` if it does not.

    `granted` are the scopes of the practice's consent, `None` if it has none. Xero would refuse a call that they do not
    cover.
    """
    definition = DEFINITIONS[entity]
    if key := definition.left_out(Circumstances(trigger, practice, settings, tax_source, by_user)):
        return key
    return None if granted is None or _may_be_read(definition, granted) else "sync.skipped_scope"


def left_out_for(entity: Entity, key: str, practice: str) -> Message:
    """The reason with this words key, in words. `practice` is its short name."""
    return message(key, practice=practice, entity=entity.label, scope=DEFINITIONS[entity].scope or READ)


def _may_be_read(definition: Definition, granted: frozenset[str]) -> bool:
    """Whether XPM may answer for the entity. What does not come from XPM needs no scope of XPM's.

    Definitions that may be refused are worth a call only if there are values to read as well.
    """
    if definition.main.endpoint is None:
        return True
    coverage = covers(granted, definition.scope)
    if coverage is Coverage.UNKNOWN and definition.values_of:
        return any(_may_be_read(owner, granted) for owner in definition.values_of)
    return coverage is not Coverage.NO


def is_user(session: Session, practice: str, person: str | None) -> bool:
    """Whether this address is that of an FYI user who is no FYI Admin. Schedules and operators are none."""
    found = people.by_email(session, practice, person) if person else None
    return found is not None and not found.is_admin
