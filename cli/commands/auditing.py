"""The commands for the audit trail: who did what."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli import arguments
from cli.acts import acts
from cli.arguments import MOST, AsJson, OneOrAll
from xpm.store.vocabulary import Action

audit = typer.Typer(no_args_is_help=True)


@audit.command("list")
@acts(Action.READ_AUDIT, "since")
def list_audit(
    practice: OneOrAll = "",
    since: Annotated[
        datetime | None,
        typer.Option(
            parser=arguments.moment,
            metavar="TIME",
            help="Only lines since then: 2026-03-02T19:00 by the practice's clock, or in UTC without a practice.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many lines, newest first.")] = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """Show who did what, newest first. Reading the trail is itself recorded."""
    from cli import auditing

    auditing.list_audit(practice, since, limit, as_json=as_json)


@audit.command("verify")
def verify_audit(
    known: Annotated[
        str | None,
        typer.Option(
            parser=arguments.known_line,
            metavar="NUMBER:HASH",
            help="A line as an earlier check printed it; it has to be there still.",
            show_default=False,
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Check that no line was changed, removed, inserted or reordered. Exit with 1 if one was, and say which."""
    from cli import auditing

    auditing.verify_audit(known, as_json=as_json)


@audit.command("export")
@acts(Action.EXPORT_AUDIT, "csv")
def export_audit(
    csv: Annotated[Path, typer.Option(metavar="FILE", help="The file to write; only its owner can read it.")],
) -> None:
    """Write the whole trail to a file for a spreadsheet, oldest first. This is itself recorded."""
    from cli import auditing

    auditing.export_audit(csv)
