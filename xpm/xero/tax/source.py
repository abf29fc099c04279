"""Which source of tax returns a practice has."""

import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import httpx

from xpm.xero.app import XeroApp
from xpm.xero.clock import Clock, Sleep, utc_now
from xpm.xero.limits import Budget
from xpm.xero.models import TaxReturn
from xpm.xero.pull import Pull
from xpm.xero.tax.export import TaxExport
from xpm.xero.tax.feed import TaxFeed

COUNTRIES = frozenset({"AU", "NZ"})  # where Xero Tax exists (FYI article 360025041591)


class TaxSource(Protocol):
    """Something that knows a practice's tax returns."""

    def returns(self) -> Pull[TaxReturn]:
        """All original returns of the practice."""
        ...


class TaxReason(StrEnum):
    """Why there is no source; the sentences for people live in the words catalogue under these keys."""

    COUNTRY = "tax_country_not_supported"
    NO_SOURCE = "tax_source_not_available"


@dataclass(frozen=True)
class TaxNotAvailable:
    """There is no source of tax returns, and why. It has no `returns`: nothing can take it for "no returns"."""

    reason_key: TaxReason


def tax_source(
    app: XeroApp,
    *,
    country: str | None,
    http: httpx.Client,
    tenant_id: str,
    budget: Budget,
    export: Path | None = None,
    sleep: Sleep = time.sleep,
    clock: Clock = utc_now,
) -> TaxSource | TaxNotAvailable:
    """The best source for a practice: an export that somebody brought, or else the feed, if the app has one.

    `country` is ISO 3166 alpha-2; a practice whose country is unknown is not kept from its returns.
    """
    if country is not None and country.upper() not in COUNTRIES:
        return TaxNotAvailable(TaxReason.COUNTRY)
    if export is not None:
        return TaxExport(export)
    if app.tax_url is None:
        return TaxNotAvailable(TaxReason.NO_SOURCE)
    return TaxFeed(http, app.tax_url, tenant_id, budget, sleep=sleep, clock=clock)
