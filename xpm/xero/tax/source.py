"""The interface of a source of tax returns."""

from typing import Protocol

from xpm.xero.models import TaxReturn
from xpm.xero.models.scalars import NUL
from xpm.xero.records import Records


class TaxSource(Protocol):
    """A source of a practice's tax returns."""

    def returns(self) -> Records[TaxReturn]:
        """Return the records of all the practice's original returns."""
        ...


def readable_key(value: object) -> str | None:
    """Return the key of an unreadable return; None if it is empty or the databases cannot store it."""
    return value if isinstance(value, str) and value.strip() and NUL not in value else None
