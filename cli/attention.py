"""`fyi-xpm attention`: what to look at although every sync went well."""

from rich.table import Table
from rich.text import Text

from cli.installation import installation
from cli.showing import COLOURS
from cli.terminal import say, terminal
from xpm.activity.attention import Finding, look
from xpm.words import message


def attention(practice: str) -> None:
    """List what somebody should look at: deleted records, possible merges, jobs without a client and the like."""
    with installation() as integration:
        findings = look(integration, practice)
    if not findings:
        say(message("attention.nothing").text)
    for finding in findings:
        _show(finding)


def _show(finding: Finding) -> None:
    terminal().print(Text(finding.said.text, COLOURS[finding.said.status]), soft_wrap=True)
    table = Table("Key in XPM", "Name", "")
    for one in finding.found.first:
        table.add_row(*(Text(part or "") for part in (one.key, one.name, one.detail)))
    terminal().print(table)
    if more := finding.found.count - len(finding.found.first):
        say(f"and {more} more.")
