"""Where a practice's tax returns come from."""

from pathlib import Path

from xpm.connection.access import PracticeAccess
from xpm.connection.integration import Integration
from xpm.xero.tax import TaxNotAvailable, TaxSource, tax_source

EXPORT_ENDINGS = (".xlsx", ".csv")


def source_of(integration: Integration, access: PracticeAccess) -> TaxSource | None:
    """The practice's exported file if there is one, else the partner feed if it is set up, else nothing."""
    source = tax_source(
        integration.app,
        country=access.practice.country,
        http=access.http,
        tenant_id=access.tenant_id,
        budget=integration.budget(access.tenant_id),
        export=_exported(integration.settings.xpm_tax_exports, access.practice.slug),
        sleep=integration.sleep,
        clock=integration.clock,
    )
    return None if isinstance(source, TaxNotAvailable) else source


def _exported(folder: Path | None, practice: str) -> Path | None:
    files = [folder / f"{practice}{ending}" for ending in EXPORT_ENDINGS] if folder else []
    return next((file for file in files if file.is_file()), None)
