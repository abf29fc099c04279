"""`fyi-xpm usage`: how many calls to Xero were made and what they brought, by day and by who they were for."""

from collections.abc import Sequence
from datetime import timedelta

from rich.table import Table

from cli.installation import installation
from cli.practices import one_or_all
from cli.terminal import say, terminal
from xpm.integration import Integration
from xpm.store import allowances
from xpm.store.consent import connections
from xpm.store.tables import CallTally


def usage(practice: str, days: int) -> None:
    """Show the calls to Xero and the bytes they brought, by day (UTC) and by priority."""
    with installation() as integration:
        for slug in one_or_all(integration, practice):
            _show(slug, _tallies(integration, slug, days))


def _tallies(integration: Integration, slug: str, days: int) -> Sequence[CallTally]:
    since = integration.clock().date() - timedelta(days=days - 1)
    with integration.database.read() as session:
        tenant_id = connections.get(session, slug).tenant_id
        return allowances.usage(session, tenant_id, since) if tenant_id else ()


def _show(slug: str, tallies: Sequence[CallTally]) -> None:
    if not tallies:
        say(f"{slug}: no calls to Xero in these days.")
        return
    table = Table("Day (UTC)", "For", title=slug, title_justify="left")
    for counted in ("Calls", "Bytes"):
        table.add_column(counted, justify="right")
    for one in tallies:
        table.add_row(f"{one.day:%d %b %Y}", one.priority, f"{one.calls:,}", f"{one.bytes:,}")
    terminal().print(table)
