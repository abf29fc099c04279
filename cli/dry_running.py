"""`fyi-xpm sync --dry-run`: looks in this process, without Prefect, and shows what a sync would change."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TextIO

from rich.console import Console
from rich.table import Table

from cli.installation import installation
from cli.showing import COLOURS
from cli.terminal import terminal
from xpm.consent.access import require_connected
from xpm.entities.registry import EVERYTHING, Entity
from xpm.integration import Integration
from xpm.pull.summary import Outcome, message_of
from xpm.pull.work import SyncRequest
from xpm.store.vocabulary import ActivityStatus, SyncMode, SyncTrigger
from xpm.undo.changes import Preview
from xpm.undo.changes_csv import changes_file, lines, write_changes
from xpm.undo.preview import preview_sync, sum_up_dry_run
from xpm.words import Stopped
from xpm.xero.errors import XeroError

SHOWN = 50  # lines of each table; a screen or two


def dry_run(
    practice: str,
    entities: Sequence[Entity],
    mode: SyncMode,
    csv: Path | None,
    *,
    records: Sequence[str] = (),
    confirm_missing: int = 0,
) -> NoReturn:
    """Show what a sync would change, entity by entity; end the command with 1 if it would not end well.

    Raises:
        Stopped: unknown practice, no usable connection, or a file that cannot be written.
    """
    console = terminal()
    with installation() as integration:
        named = integration.practice(practice)
        require_connected(integration, named)
        with _opened(csv) as file:
            outcomes: dict[Entity, Outcome] = {}
            for entity in EVERYTHING:
                if entity in entities:
                    request = SyncRequest(
                        practice,
                        entity,
                        mode,
                        SyncTrigger.MANUAL,
                        records=tuple(records),
                        confirmed_missing=confirm_missing,
                    )
                    outcomes[entity] = _look(integration, request, _previews(outcomes), console)
                    _show(console, entity, outcomes[entity])
            if file:
                write_changes(file, _previews(outcomes))
    said = sum_up_dry_run(named.name, outcomes)
    console.print(said.text, style=COLOURS[said.status], soft_wrap=True)
    sys.exit(0 if said.status is ActivityStatus.SUCCESS else 1)


def _look(integration: Integration, request: SyncRequest, earlier: Sequence[Preview], console: Console) -> Outcome:
    """One entity; trouble with it does not keep the others from being looked at."""
    with console.status(f"Looking at {request.entity.label.lower()}"):
        try:
            return preview_sync(integration, request, earlier)
        except (Stopped, XeroError) as error:
            return error


def _previews(outcomes: dict[Entity, Outcome]) -> list[Preview]:
    return [outcome for outcome in outcomes.values() if isinstance(outcome, Preview)]


def _show(console: Console, entity: Entity, outcome: Outcome) -> None:
    said = message_of(entity, outcome)
    console.print(said.text, style=COLOURS[said.status], soft_wrap=True)
    found = [*lines([outcome])] if isinstance(outcome, Preview) else []
    if not found:
        return
    table = Table("", "Record", "Name", "Would be", "Field", "In FYI now", "In XPM")
    for line in found[:SHOWN]:
        table.add_row(*line)
    console.print(table)
    if len(found) > SHOWN:
        console.print(f"{len(found) - SHOWN} more lines are not shown; --csv FILE writes all of them.", soft_wrap=True)


@contextmanager
def _opened(csv: Path | None) -> Iterator[TextIO | None]:
    """The file, opened before anything is asked of Xero: better to hear now that it cannot be written."""
    if csv is None:
        yield None
        return
    with changes_file(csv) as file:
        yield file
