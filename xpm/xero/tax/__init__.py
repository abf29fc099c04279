"""Tax returns, of which Xero publishes no end-point: a partner's feed or an exported file.

Where there is neither, there is no `TaxSource`: having no source is neither an error nor "no returns".
"""

from xpm.xero.tax.export import TaxExport
from xpm.xero.tax.feed import TaxFeed
from xpm.xero.tax.source import TaxSource

__all__ = ["TaxExport", "TaxFeed", "TaxSource"]
