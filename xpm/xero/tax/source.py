"""What a source of tax returns can do."""

from typing import Protocol

from xpm.xero.models import TaxReturn
from xpm.xero.models.scalars import NUL
from xpm.xero.records import Records


class TaxSource(Protocol):
    """Something that knows a practice's tax returns."""

    def returns(self) -> Records[TaxReturn]:
        """All original returns of the practice."""
        ...


def readable_key(value: object) -> str | None:
    """The key of a return that could not be read, unless it is empty or none that the databases keep."""
    return value if isinstance(value, str) and value.strip() and NUL not in value else None
