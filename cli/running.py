"""`fyi-xpm reconnect` and `fyi-xpm sync`: start a runbook in Prefect and follow it to its end."""

import sys
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer
from prefect.client.schemas.objects import State

from cli.arguments import KnownPractice
from cli.following import follow
from cli.installation import installation, prefect
from cli.rehearsing import rehearse
from cli.terminal import say, terminal
from xpm.entities.registry import EVERYTHING, Entity
from xpm.integration import Integration
from xpm.quota.amounts import said_after, said_before, together
from xpm.quota.prediction import predict_all
from xpm.quota.progress import Prediction
from xpm.store.pull import runs
from xpm.store.vocabulary import SyncMode

A_DAY = 24 * 60  # minutes; the longest that the runbook waits


def reconnect(
    practice: KnownPractice,
    admin: Annotated[str, typer.Option(metavar="EMAIL", help="Of the FYI Admin who logs in to Xero.")],
    long_term_user: Annotated[
        bool, typer.Option("--long-term-user", help="This person will keep using both FYI and Xero Practice Manager.")
    ] = False,
    minutes: Annotated[int, typer.Option(min=1, max=A_DAY, help="How long to wait for the log in.")] = 30,
    another_account: Annotated[
        bool,
        typer.Option("--another-practice", help="This practice has moved to another Xero Practice Manager account."),
    ] = False,
) -> None:
    """Reset the connection and bring the data back in step.

    Prints the link to Xero, waits for the log in, and says where to confirm a practice that is new to FYI. Ctrl-C ends
    this command, not the run, which Prefect shows.
    """
    parameters: dict[str, object] = {
        "practice": practice,
        "admin_email": admin,
        "long_term_user": long_term_user,
        "answer_within_minutes": minutes,
        "another_account": another_account,
    }
    start_and_follow("reconnect/reconnect-and-resync", practice, parameters)


def sync(
    practice: KnownPractice,
    only: Annotated[
        list[Entity] | None, typer.Option(help="Only these; may be given several times.", show_default="everything")
    ] = None,
    changes: Annotated[bool, typer.Option("--changes", help="Only what changed since the last sync.")] = False,
    person: Annotated[
        str, typer.Option(metavar="EMAIL", help="Your address in FYI, for Practice Activity.", show_default=False)
    ] = "",
    record: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID_OR_NUMBER",
            help="Only the custom fields of this client (XPM ID) or job (number); may be given several times.",
            show_default=False,
        ),
    ] = None,
    *,
    confirm_missing: Annotated[
        int,
        typer.Option(
            metavar="NUMBER",
            min=0,
            help="A sync said that so many are suddenly missing, and they were really removed: archive them.",
            show_default=False,
        ),
    ] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change, here and now; nothing is written.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --dry-run: write every change to this file.")
    ] = None,
) -> None:
    """Sync a practice with Xero Practice Manager, now.

    Ctrl-C ends this command, not the run, which Prefect shows.
    """
    if record and only not in (None, [Entity.CUSTOM_FIELDS]):
        raise typer.BadParameter(f"--record goes with --only {Entity.CUSTOM_FIELDS} and nothing else.")
    only = [Entity.CUSTOM_FIELDS] if record else only
    mode = SyncMode.CHANGES if changes else SyncMode.FULL
    if dry_run:
        well = rehearse(practice, only or EVERYTHING, mode, csv, records=record or (), confirm_missing=confirm_missing)
        sys.exit(0 if well else 1)
    if csv:
        raise typer.BadParameter("--csv goes with --dry-run.")
    entities = [str(entity) for entity in only or EVERYTHING]
    parameters: dict[str, object] = {"practice": practice, "entities": entities, "mode": str(mode), "person": person}
    if record:
        parameters["records"] = record
    if confirm_missing:
        parameters["confirm_missing"] = confirm_missing
    _say_prediction(practice, only or EVERYTHING, mode, len(record or ()))
    start_and_follow("sync/sync-practice", practice, parameters)


def _say_prediction(practice: str, entities: Collection[Entity], mode: SyncMode, chosen: int) -> None:
    with installation() as integration:
        parts = predict_all(integration, practice, entities, mode, chosen=chosen).values()
        if parts:
            say(said_before("Xero", together(parts), integration.settings.xero_calls_per_minute).title)


def start_and_follow(runbook: str, practice: str, parameters: dict[str, object]) -> None:
    """Start a run of a deployment, follow it, and end the command with the exit code of its end."""
    with installation() as integration:
        integration.practice(practice)
        state = _follow_new_run(integration, runbook, parameters)
    sys.exit(0 if state.is_completed() else 1)


def _follow_new_run(integration: Integration, runbook: str, parameters: dict[str, object]) -> State:
    with prefect() as client:
        deployment = client.read_deployment_by_name(runbook)
        run = client.create_flow_run_from_deployment(deployment.id, parameters=parameters)
        state = follow(run.id, integration, client, terminal())
    _say_what_it_took(integration, str(parameters["practice"]), str(run.id))
    return state


def _say_what_it_took(integration: Integration, practice: str, flow_run_id: str) -> None:
    """Nothing where Xero was asked for nothing: a revert, or only what the settings leave out."""
    with integration.database.read() as session:
        done = [run for run in runs.named(session, practice, flow_run_id) if run.calls]
    if done:
        predicted = together(Prediction(run.predicted_calls, run.predicted_bytes) for run in done)
        made = together(Prediction(run.calls, run.bytes) for run in done)
        say(said_after("Xero", predicted, made).title)
