"""The settings and circumstances under which an entity is left out, each with its reason."""

from collections.abc import Iterable

from sqlmodel import Session

from xpm.entities.registry import Entity
from xpm.integration import Integration
from xpm.pull.tax import has_source
from xpm.store import practices
from xpm.store.practices import TAX_COUNTRIES
from xpm.store.tables import IntegrationSettings, Practice
from xpm.store.vocabulary import SyncTrigger


def not_left_out(
    integration: Integration, session: Session, practice: Practice, entities: Iterable[Entity], trigger: SyncTrigger
) -> list[Entity]:
    """Those of these entities that a sync with this trigger brings, by the practice's settings as they are now."""
    settings, tax_source = practices.settings_of(session, practice.slug), has_source(integration, practice.slug)
    return [
        entity
        for entity in entities
        if reason_to_skip(entity, trigger, practice, settings, tax_source=tax_source) is None
    ]


def reason_to_skip(
    entity: Entity, trigger: SyncTrigger, practice: Practice, settings: IntegrationSettings, *, tax_source: bool
) -> str | None:
    """The words key of the reason why `entity` is not synchronised now, or `None` when it is.

    *Maintain Jobs in FYI* takes away the syncs people ask for, so that a change not yet sent to XPM is not put back;
    *Sync Custom Fields From XPM* decides about the automatic run only (FYI: "Resetting your connection …").
    """
    if entity is Entity.JOBS and settings.maintain_jobs and trigger is not SyncTrigger.OVERNIGHT:
        return "sync.skipped_jobs"
    if entity is Entity.CUSTOM_FIELDS and trigger is SyncTrigger.OVERNIGHT and not settings.sync_custom_fields:
        return "sync.skipped_custom_fields"
    if entity is Entity.TAX_RETURNS:
        return _reason_to_skip_tax(practice, settings, tax_source=tax_source)
    return None


def _reason_to_skip_tax(practice: Practice, settings: IntegrationSettings, *, tax_source: bool) -> str | None:
    if practice.country not in TAX_COUNTRIES:
        return "sync.skipped_tax_country"
    if not settings.import_tax_assessments:
        return "sync.skipped_tax_off"
    return None if tax_source else "sync.skipped_tax_no_source"
