"""`fyi-xpm usage`: how many calls to Xero were made and what they brought, by day and by who they were for."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from cli.installation import installation
from cli.practices import NONE_YET
from cli.terminal import say, terminal
from xpm.connection.integration import Integration
from xpm.connection.preflight import practice_named
from xpm.store import allowances, connections, practices
from xpm.store.tables import CallTally


def usage(
    practice: Annotated[str, typer.Argument(help="One practice; all of them if left out.", show_default=False)] = "",
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days, today included.")] = 7,
) -> None:
    """Show the calls to Xero and the bytes they brought, by day (UTC) and by who they were for.

    Xero allows a number of calls a day for each practice, and charges for what is read.
    """
    with installation() as integration:
        with integration.database.read() as session:
            known = [one.slug for one in practices.all_of_them(session)]
        if not known and not practice:
            say(NONE_YET)
        for slug in [practice_named(integration, practice).slug] if practice else known:
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
