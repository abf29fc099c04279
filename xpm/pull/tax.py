"""Where a practice's tax returns come from."""

from pathlib import Path

from xpm.consent.access import PracticeAccess
from xpm.integration import Integration
from xpm.xero.tax import TaxExport, TaxFeed, TaxSource

EXPORT_ENDINGS = (".xlsx", ".csv")


def source_of(integration: Integration, access: PracticeAccess) -> TaxSource | None:
    """The practice's exported file if there is one, else the partner feed if it is set up, else nothing."""
    if export := _exported(integration, access.practice.slug):
        return TaxExport(export)
    if (url := integration.app.tax_url) is None:
        return None
    budget = integration.budget(access.tenant_id, access.priority)
    return TaxFeed(access.http, url, access.tenant_id, budget, sleep=integration.sleep, clock=integration.clock)


def has_source(integration: Integration, practice: str) -> bool:
    """Whether `source_of` has one for the practice, known without its connection."""
    return is_exported(integration, practice) or integration.app.tax_url is not None


def is_exported(integration: Integration, practice: str) -> bool:
    """Whether they come from a file, which costs Xero nothing."""
    return _exported(integration, practice) is not None


def _exported(integration: Integration, practice: str) -> Path | None:
    folder = integration.settings.xpm_tax_exports
    files = [folder / f"{practice}{ending}" for ending in EXPORT_ENDINGS] if folder else []
    return next((file for file in files if file.is_file()), None)
