"""Decides which entities a sync leaves out, and why."""

from collections.abc import Iterable

from sqlmodel import Session

from xpm.entities.entity import Circumstances
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS
from xpm.store import people, practices
from xpm.store.tables import IntegrationSettings, Practice
from xpm.store.vocabulary import SyncTrigger


def not_left_out(
    session: Session,
    practice: Practice,
    entities: Iterable[Entity],
    trigger: SyncTrigger,
    *,
    tax_source: bool,
    person: str | None = None,
) -> list[Entity]:
    """The entities that a sync with this trigger, asked for by this person, includes by the practice's settings."""
    settings = practices.settings_of(session, practice.slug)
    by_user = is_user(session, practice.slug, person)
    return [
        entity
        for entity in entities
        if reason_to_skip(entity, trigger, practice, settings, tax_source=tax_source, by_user=by_user) is None
    ]


def reason_to_skip(
    entity: Entity,
    trigger: SyncTrigger,
    practice: Practice,
    settings: IntegrationSettings,
    *,
    tax_source: bool,
    by_user: bool,
) -> str | None:
    """The words key of the reason why a sync leaves `entity` out now, or `None` if it does not."""
    return DEFINITIONS[entity].left_out(Circumstances(trigger, practice, settings, tax_source, by_user))


def is_user(session: Session, practice: str, person: str | None) -> bool:
    """Whether this address is that of an FYI user who is no FYI Admin. Schedules and operators are none."""
    found = people.by_email(session, practice, person) if person else None
    return found is not None and not found.is_admin
