"""`fyi-xpm sync --dry-run`: shows what a sync would change. It runs in this process, without Prefect."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from pydantic import BaseModel, ConfigDict
from rich.console import RenderableType
from rich.text import Text

from cli.answers import answer
from cli.estimating import agreed
from cli.integration import integration
from cli.progress import Bar, progress
from cli.showing import COLOURS
from cli.terminal import WholeTable, terminal
from xpm.consent.access import require_connected
from xpm.entities.names import EVERYTHING, Entity
from xpm.integration import Integration
from xpm.pull.summary import Outcome, message_of
from xpm.pull.work import PullRequest
from xpm.store.vocabulary import ActivityStatus, SyncMode, SyncTrigger
from xpm.undo.changes import DryRunResult
from xpm.undo.changes_csv import changes_file, lines, write_changes
from xpm.undo.dry_run import RECENTLY, dry_run_pull, sum_up_dry_run
from xpm.words import Message, Stopped
from xpm.xero.errors import XeroError

SHOWN = 50  # lines of each table; a screen or two


class DryRunPart(BaseModel):
    """What a sync would do to one entity. `preview` is None where that could not be found out; `message` says why."""

    model_config = ConfigDict(frozen=True)

    entity: Entity
    message: Message
    preview: DryRunResult | None


class DryRunAnswer(BaseModel):
    """What a sync would do."""

    model_config = ConfigDict(frozen=True)

    practice: str
    message: Message
    parts: tuple[DryRunPart, ...]


def dry_run(
    requests: Sequence[PullRequest],
    csv: Path | None,
    *,
    all_values: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Show what these syncs of one practice would change. Exit with 1 unless all would end well.

    Custom field values that a sync compared within `RECENTLY` are not asked for again, unless `all_values`. Nothing is
    done if somebody is asked and says no.

    Raises:
        Stopped: unknown practice, no usable connection, or a file that cannot be written.
    """
    practice = requests[0].practice
    with integration() as opened:
        named = opened.practice(practice)
        require_connected(opened, named)
        since = None if all_values else opened.clock() - RECENTLY
        if not as_json and not _agreed(requests, since, yes=yes):
            return
        with _opened(csv) as file, progress("Looking", of=len(requests), silent=as_json) as bar:
            outcomes = dict(_outcomes(opened, requests, bar, since))
            if file:
                write_changes(file, _previews(outcomes.values()))
    said = sum_up_dry_run(named.name, outcomes)
    found = DryRunAnswer(practice=practice, message=said, parts=tuple(_part(*one) for one in outcomes.items()))
    answer(found, lambda shown: terminal().print(_coloured(shown.message), soft_wrap=True), as_json=as_json)
    sys.exit(0 if said.status is ActivityStatus.SUCCESS else 1)


def requests_for(
    practice: str, chosen: Sequence[Entity], mode: SyncMode, records: Sequence[str], confirm_missing: int
) -> list[PullRequest]:
    """A request for each chosen entity, in the order in which a sync of everything takes them."""
    by_hand = SyncTrigger.MANUAL
    return [
        PullRequest(practice, entity, mode, by_hand, records=tuple(records), confirm_missing=confirm_missing)
        for entity in EVERYTHING
        if Entity(entity) in chosen
    ]


def _agreed(requests: Sequence[PullRequest], since: datetime | None, *, yes: bool) -> bool:
    first = requests[0]
    asked = [request.entity for request in requests]
    return agreed(first.practice, asked, first.mode, chosen=len(first.records), values_since=since, yes=yes)


def _outcomes(
    integration: Integration, requests: Sequence[PullRequest], bar: Bar, since: datetime | None
) -> Iterator[tuple[Entity, Outcome]]:
    """Look at each entity in turn; each look knows what the earlier ones found."""
    earlier: list[DryRunResult] = []
    for request in requests:
        bar.show(f"Looking at {request.entity.label.lower()}")
        outcome = _look(integration, request, earlier, since)
        earlier += _previews([outcome])
        for shown in _shown(_part(request.entity, outcome)):
            bar.print(shown)
        bar.advance()
        yield request.entity, outcome


def _look(
    integration: Integration, request: PullRequest, earlier: Sequence[DryRunResult], since: datetime | None
) -> Outcome:
    """Look at one entity. An error is its outcome, so the others are still looked at."""
    try:
        return dry_run_pull(integration, request, earlier, values_since=since)
    except (Stopped, XeroError) as error:
        return error


def _previews(outcomes: Iterable[Outcome]) -> list[DryRunResult]:
    return [outcome for outcome in outcomes if isinstance(outcome, DryRunResult)]


def _part(entity: Entity, outcome: Outcome) -> DryRunPart:
    preview = outcome if isinstance(outcome, DryRunResult) else None
    return DryRunPart(entity=entity, message=message_of(entity, outcome), preview=preview)


def _shown(part: DryRunPart) -> Iterator[RenderableType]:
    yield _coloured(part.message)
    found = [*lines([part.preview])] if part.preview else []
    if not found:
        return
    table = WholeTable("", "Record", "Name", "Would be", "Field", "In FYI now", "In XPM")
    for line in found[:SHOWN]:
        table.add_row(*line)
    yield table
    if len(found) > SHOWN:
        yield f"{len(found) - SHOWN} more lines are not shown; --csv FILE writes all of them."


def _coloured(said: Message) -> Text:
    return Text(said.text, COLOURS[said.status])


@contextmanager
def _opened(csv: Path | None) -> Iterator[TextIO | None]:
    """Open the file before asking Xero anything, so that a file that cannot be written is reported at once."""
    if csv is None:
        yield None
        return
    with changes_file(csv) as file:
        yield file
