"""`fyi-xpm attention`: what somebody should look at even though every sync went well."""

from collections.abc import Sequence

from rich.text import Text

from cli.answers import answer
from cli.installation import installation
from cli.showing import COLOURS
from cli.terminal import WholeTable, say, terminal
from xpm.activity.attention import Finding, look
from xpm.words import message


def attention(practice: str, *, as_json: bool) -> None:
    """List what somebody should look at, reason by reason."""
    with installation() as opened:
        findings = look(opened, practice)
    answer(findings, _show, as_json=as_json)


def _show(findings: Sequence[Finding]) -> None:
    if not findings:
        say(message("attention.nothing").text)
    for finding in findings:
        _show_one(finding)


def _show_one(finding: Finding) -> None:
    terminal().print(Text(finding.message.text, COLOURS[finding.message.status]), soft_wrap=True)
    table = WholeTable("Key in XPM", "Name", "")
    for one in finding.found.first:
        table.add_row(*(Text(part or "") for part in (one.key, one.name, one.detail)))
    terminal().print(table)
    if more := finding.found.count - len(finding.found.first):
        say(f"and {more} more.")
