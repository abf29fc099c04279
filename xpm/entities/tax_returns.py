"""Tax returns: links into Xero Tax with a status. They come from a partner's feed or an exported file, not from XPM."""

from math import ceil

from xpm.entities.entity import Circumstances, Definition, ListedKind, Plan
from xpm.entities.names import Noun
from xpm.entities.prediction import PlannedPull
from xpm.entities.row import RowShape
from xpm.store.practices import TAX_COUNTRIES
from xpm.store.records import kinds
from xpm.xero.models import TaxReturn
from xpm.xero.tax.feed import PAGE_SIZE


def _calls(planned: PlannedPull) -> int | None:
    """One for each page of the feed, by the number of returns it had last time; none for a file."""
    if planned.is_exported:
        return 0
    return None if planned.last_read is None else max(1, ceil(planned.last_read / PAGE_SIZE))


def _left_out(now: Circumstances) -> str | None:
    """Only AU and NZ practices have returns, and only where *Import tax assessments* is on."""
    if now.practice.country not in TAX_COUNTRIES:
        return "sync.skipped_tax_country"
    if not now.settings.import_tax_assessments:
        return "sync.skipped_tax_off"
    return None if now.has_tax_source else "sync.skipped_tax_no_source"


TAX_RETURNS = Definition(
    button="Sync Tax Returns",
    main=ListedKind(kinds.TAX_RETURNS, "Tax returns", Noun.TAX_RETURN, TaxReturn, RowShape("return_id")),
    plan=Plan.TAX_SOURCE,
    calls=_calls,
    left_out=_left_out,
)
