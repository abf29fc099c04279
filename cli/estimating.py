"""Says what a sync or a dry run will ask of Xero before it begins, and asks whether to go on if that is much."""

import sys
from collections.abc import Collection
from datetime import datetime

import typer

from cli.integration import integration
from cli.recording import cancelled
from cli.terminal import say
from xpm.entities.names import Entity
from xpm.quota.amounts import said_before, together
from xpm.quota.prediction import predict_all
from xpm.store.vocabulary import SyncMode
from xpm.words import message, stop

MUCH = 0.1  # of the requests that Xero allows in a day


def agreed(
    practice: str,
    entities: Collection[Entity],
    mode: SyncMode,
    *,
    chosen: int = 0,
    values_since: datetime | None = None,
    yes: bool = False,
) -> bool:
    """Say what these syncs will ask of Xero. Nobody is asked if it is little, or unless a person sits at the terminal.

    Raises:
        Stopped: unknown practice, or nobody answered the question.
    """
    with integration() as opened:
        settings = opened.settings
        parts = predict_all(opened, practice, entities, mode, chosen=chosen, values_since=values_since).values()
    if not parts:  # not connected, which the sync itself says
        return True
    whole = together(parts)
    say(said_before("Xero", whole, settings.xero_calls_per_minute).title)
    is_little = whole.calls is not None and whole.calls <= settings.xero_calls_per_day * MUCH
    if yes or is_little or not sys.stdin.isatty() or _goes_on(settings.xero_calls_per_day):
        return True
    kept = message("sync.not_begun")
    cancelled(kept.key)
    say(kept.text)
    return False


def _goes_on(calls_per_day: int) -> bool:
    try:
        return typer.confirm(message("sync.asked", day=calls_per_day).title, err=True)
    except typer.Abort:
        raise stop("sync.not_begun") from None
