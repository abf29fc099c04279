"""Tax returns, from a partner's feed or an exported file. Xero publishes no endpoint for them.

Without either there is no `TaxSource`, which is neither an error nor "no returns".
"""

from xpm.xero.tax.export import TaxExport
from xpm.xero.tax.feed import TaxFeed
from xpm.xero.tax.source import TaxSource

__all__ = ["TaxExport", "TaxFeed", "TaxSource"]
