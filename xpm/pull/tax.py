"""Where a practice's tax returns come from."""

from xpm.consent.access import PracticeAccess
from xpm.integration import Integration
from xpm.quota.budget import budget_of
from xpm.xero.tax import TaxExport, TaxFeed, TaxSource


def source_of(integration: Integration, access: PracticeAccess) -> TaxSource | None:
    """The practice's exported file if there is one, else the partner feed if it is set up, else nothing."""
    if export := integration.tax_export(access.practice.slug):
        return TaxExport(export)
    if (url := integration.app.tax_url) is None:
        return None
    budget = budget_of(integration, access.tenant_id, access.priority)
    return TaxFeed(access.http, url, access.tenant_id, budget, sleep=integration.sleep, clock=integration.clock)
