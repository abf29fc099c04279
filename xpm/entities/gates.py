"""Decides which entities a sync leaves out, and why."""

from collections.abc import Iterable

from sqlmodel import Session

from xpm.entities.entity import Circumstances
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS
from xpm.store import practices
from xpm.store.tables import IntegrationSettings, Practice
from xpm.store.vocabulary import SyncTrigger


def not_left_out(
    session: Session, practice: Practice, entities: Iterable[Entity], trigger: SyncTrigger, *, tax_source: bool
) -> list[Entity]:
    """The entities that a sync with this trigger includes, by the practice's present settings."""
    settings = practices.settings_of(session, practice.slug)
    return [
        entity
        for entity in entities
        if reason_to_skip(entity, trigger, practice, settings, tax_source=tax_source) is None
    ]


def reason_to_skip(
    entity: Entity, trigger: SyncTrigger, practice: Practice, settings: IntegrationSettings, *, tax_source: bool
) -> str | None:
    """The words key of the reason why a sync leaves `entity` out now, or `None` if it does not."""
    return DEFINITIONS[entity].left_out(Circumstances(trigger, practice, settings, tax_source))
