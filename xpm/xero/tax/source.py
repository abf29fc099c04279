"""What a source of tax returns can do."""

from typing import Protocol

from xpm.xero.models import TaxReturn
from xpm.xero.pull import Pull


class TaxSource(Protocol):
    """Something that knows a practice's tax returns."""

    def returns(self) -> Pull[TaxReturn]:
        """All original returns of the practice."""
        ...
