"""`fyi-xpm reconnect` and `fyi-xpm sync`: start a runbook in Prefect and follow it to its end."""

import sys
from typing import Annotated

import typer
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from rich.console import Console

from cli.following import follow
from xpm.connection.integration import Integration
from xpm.connection.preflight import practice_named
from xpm.store.vocabulary import SyncMode
from xpm.sync.entities import EVERYTHING, Entity


def reconnect(
    practice: Annotated[str, typer.Argument(help="The practice's short name.")],
    admin: Annotated[str, typer.Option(help="FYI email address of the FYI Admin who logs in to Xero.")],
    long_term_user: Annotated[
        bool, typer.Option("--long-term-user", help="This person will keep using both FYI and Xero Practice Manager.")
    ] = False,
    minutes: Annotated[int, typer.Option(help="How long to wait for the log in.")] = 30,
) -> None:
    """Reset the connection and bring the data back in step; waits for the log in to Xero."""
    _require(practice)
    parameters: dict[str, object] = {
        "practice": practice,
        "admin_email": admin,
        "long_term_user": long_term_user,
        "answer_within_minutes": minutes,
    }
    _start_and_follow("reconnect/reconnect-and-resync", parameters)


def sync(
    practice: Annotated[str, typer.Argument(help="The practice's short name.")],
    only: Annotated[list[Entity] | None, typer.Option(help="Only these; may be given several times.")] = None,
    changes: Annotated[bool, typer.Option("--changes", help="Only what changed since the last sync.")] = False,
    person: Annotated[str, typer.Option(help="Your FYI email address, for Practice Activity.")] = "",
) -> None:
    """Sync a practice with Xero Practice Manager, now."""
    _require(practice)
    mode = SyncMode.CHANGES if changes else SyncMode.FULL
    entities = [str(entity) for entity in only or EVERYTHING]
    parameters: dict[str, object] = {"practice": practice, "entities": entities, "mode": str(mode), "person": person}
    _start_and_follow("sync/sync-practice", parameters)


def _require(practice: str) -> None:
    with Integration.opened() as integration:
        practice_named(integration, practice)


def _start_and_follow(deployment: str, parameters: dict[str, object]) -> None:
    run = run_deployment(deployment, parameters=parameters, timeout=0, as_subflow=False)
    if not isinstance(run, FlowRun):
        raise TypeError(run)
    state = follow(run.id, Console())
    sys.exit(0 if state.is_completed() else 1)
