"""`fyi-xpm quarantine`: records that could not be read, and reading them again after a fix."""

from rich.table import Table
from rich.text import Text

from cli.installation import installation
from cli.terminal import say, terminal
from xpm.pull.replay import replay
from xpm.store.consent import connections
from xpm.store.pull import quarantine
from xpm.store.records.rows import Scope
from xpm.words import message


def list_quarantine(practice: str) -> None:
    """List the records that are set aside, with the reason of each."""
    with installation() as integration:
        integration.practice(practice)
        with integration.database.read() as session:
            tenant_id = connections.get(session, practice).tenant_id or ""
            entries = quarantine.unresolved(session, Scope(practice, tenant_id))
    if not entries:
        say(message("quarantine.empty").text)
        return
    table = Table("Since (UTC)", "Kind", "Key in XPM", "Why it could not be read")
    for entry in entries:
        kind = entry.entity.replace("_", " ")
        table.add_row(f"{entry.at:%d %b %H:%M}", kind, Text(entry.record_key or "none"), Text(entry.reason))
    terminal().print(table)


def replay_quarantine(practice: str, person: str | None) -> None:
    """Read these records again from what was kept of them, after a fix of this program; Xero is not asked."""
    with installation() as integration:
        said = replay(integration, practice, person)
    for one in said or [message("quarantine.nothing_kept")]:
        say(one.text)
