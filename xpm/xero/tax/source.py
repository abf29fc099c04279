"""The interface of a source of tax returns."""

from typing import Protocol

from xpm.xero.models import TaxReturn
from xpm.xero.records import Records


class TaxSource(Protocol):
    """A source of a practice's tax returns."""

    def returns(self) -> Records[TaxReturn]:
        """Return the records of all the practice's original returns."""
        ...
