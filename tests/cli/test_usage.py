"""`fyi-xpm usage`: calls to Xero and their bytes, by day and priority."""

from datetime import UTC, datetime, timedelta

from tests.cli.office import TENANT
from tests.cli.shell import SLUG, Installed, Shell
from xpm.store import allowances
from xpm.store.consent import connections
from xpm.store.vocabulary import CallPriority

TODAY = datetime.now(UTC).date()


def called(installed: Installed, days_ago: int, priority: CallPriority, *sizes: int) -> None:
    """Record calls of these sizes, some days ago."""
    with installed.database.write() as session:
        connections.set_aside(session, SLUG, tenant_id=TENANT, tenant_name="Harbour & Vale")
        for size in sizes:
            allowances.count(session, TENANT, TODAY - timedelta(days=days_ago), priority, size)


def test_calls_and_bytes_are_shown_by_day_and_priority_newest_first(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    called(installed, 1, CallPriority.OVERNIGHT, 1_000_000, 500_000)
    called(installed, 0, CallPriority.PEOPLE, 700)
    shown = fyi_xpm("usage", SLUG).out
    today, yesterday = [line for line in shown.splitlines() if line.strip("│ ").endswith(("700", "1,500,000"))]
    assert all(part in today for part in (f"{TODAY:%d %b %Y}", "people", " 1 ", "700"))
    assert all(part in yesterday for part in ("overnight", " 2 ", "1,500,000"))


def test_older_days_are_shown_on_request(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    called(installed, 7, CallPriority.CHANGES, 123_456)
    assert "123,456" not in fyi_xpm("usage", SLUG).out
    assert "123,456" in fyi_xpm("usage", "--days", "8").out


def test_a_practice_without_calls_is_listed_as_such(fyi_xpm: Shell, installed: Installed) -> None:
    installed.add_practice()
    assert fyi_xpm("usage").out == f"{SLUG}: no calls to Xero in these days.\n"


def test_without_practices_the_first_step_is_named(fyi_xpm: Shell, installed: Installed) -> None:
    assert "practice add" in fyi_xpm("usage").out
