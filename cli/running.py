"""`fyi-xpm reconnect` and `fyi-xpm sync`: start a runbook in Prefect and follow it to its end."""

import sys
from collections.abc import Collection, Sequence
from typing import NoReturn

from prefect.client.schemas.objects import State

from cli.following import follow
from cli.installation import installation
from cli.prefect_server import prefect
from cli.terminal import say, terminal
from xpm.entities.registry import Entity
from xpm.integration import Integration
from xpm.quota.amounts import said_after, said_before, together
from xpm.quota.prediction import predict_all
from xpm.quota.progress import Prediction
from xpm.store.pull import runs
from xpm.store.vocabulary import SyncMode


def sync(
    practice: str,
    entities: Sequence[Entity],
    mode: SyncMode,
    person: str,
    *,
    records: Sequence[str] = (),
    confirm_missing: int = 0,
) -> NoReturn:
    """Start a sync of a practice and follow it."""
    parameters: dict[str, object] = {
        "practice": practice,
        "entities": [str(entity) for entity in entities],
        "mode": str(mode),
        "person": person,
    }
    if records:
        parameters["records"] = list(records)
    if confirm_missing:
        parameters["confirm_missing"] = confirm_missing
    _say_prediction(practice, entities, mode, len(records))
    start_and_follow("sync/sync-practice", practice, parameters)


def _say_prediction(practice: str, entities: Collection[Entity], mode: SyncMode, chosen: int) -> None:
    with installation() as integration:
        parts = predict_all(integration, practice, entities, mode, chosen=chosen).values()
        if parts:
            say(said_before("Xero", together(parts), integration.settings.xero_calls_per_minute).title)


def start_and_follow(runbook: str, practice: str, parameters: dict[str, object]) -> NoReturn:
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
