"""The sources of tax returns."""

from pathlib import Path

import pytest

from tests.pull.house import SLUG, House
from xpm.consent.access import practice_access
from xpm.entities.names import Entity
from xpm.pull.plans.plan import tax_source
from xpm.store.vocabulary import RunStatus
from xpm.xero.errors import ScopeMissing
from xpm.xero.tax import TaxExport, TaxFeed

FEED = "https://api.xero.example/tax/returns"


@pytest.mark.parametrize(
    ("files", "url", "expected"),
    [
        ([], FEED, TaxFeed),
        ([f"{SLUG}.csv"], FEED, TaxExport),
        ([f"{SLUG}.xlsx"], None, TaxExport),
        (["coastal.csv"], FEED, TaxFeed),
        (["coastal.csv"], None, None),
        ([], None, None),
    ],
)
def test_the_source_is_the_exported_file_else_the_feed_else_none(
    sqlite_house: House, tmp_path: Path, files: list[str], url: str | None, expected: type[object] | None
) -> None:
    for name in files:
        (tmp_path / name).touch()
    integration = sqlite_house.with_settings(xpm_tax_exports=tmp_path, xero_tax_url=url).integration
    with practice_access(integration, SLUG) as access:
        source = tax_source(integration, access)
    assert isinstance(source, expected) if expected else source is None
    assert integration.has_tax_source(SLUG) is (expected is not None)


@pytest.mark.parametrize("refusal", ["unauthorized", "forbidden"])
def test_a_feed_that_denies_access_does_not_break_the_connection_to_practice_manager(
    house: House, refusal: str
) -> None:
    house.order(refusal, area="tax", times=0)
    with pytest.raises(ScopeMissing):
        house.sync(Entity.TAX_RETURNS)
    assert house.sync(Entity.STAFF).status is RunStatus.SUCCESS
