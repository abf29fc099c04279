"""Tax returns, of which Xero publishes no end-point: a partner's feed, an exported file, or a reason why neither.

Xero Tax exists in Australia and New Zealand only. Where no source is available the sync is shown as disabled with its
reason: having no source is neither an error nor "no returns", so it is not a `TaxSource` either.
"""

from xpm.xero.tax.export import TaxExport
from xpm.xero.tax.feed import TaxFeed
from xpm.xero.tax.source import TaxNotAvailable, TaxReason, TaxSource, tax_source

__all__ = ["TaxExport", "TaxFeed", "TaxNotAvailable", "TaxReason", "TaxSource", "tax_source"]
