"""The Prefect automations for runs that end alone: their process vanished together with its worker, or had none.

A worker marks a run Crashed whose process dies. When the machine goes, nobody is left to do so, and the run would stay
Running for ever; its heartbeats, however, stop. From Prefect's page "How to detect and respond to zombie flows"
(https://docs.prefect.io/v3/advanced/detect-zombie-flows); prefect.yaml sets the heartbeats' frequency.
"""

from datetime import timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from cli.automations import apply
from xpm.store.vocabulary import ActivityStatus

HEARTBEAT = "prefect.flow-run.heartbeat"
ENDINGS = ("Completed", "Failed", "TimedOut", "Cancelled", "Crashed", "Suspended", *ActivityStatus)
"""After these states a run has no program. Prefect names the event after the state, and our runbooks name theirs as
Practice Activity does."""

WATCH = "watch/watch"
PATIENCE = timedelta(seconds=90)  # three heartbeats

SILENCE = EventTrigger(
    posture=Posture.Proactive,
    match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
    for_each={"prefect.resource.id"},
    after={HEARTBEAT},
    expect={HEARTBEAT, *(f"prefect.flow-run.{ending}" for ending in ENDINGS)},
    threshold=1,
    within=PATIENCE,
)

VANISHED = AutomationCore(
    name="Crash runs without heartbeat",
    description="Marks a run Crashed when its process vanished, e.g. because the worker's machine went down.",
    trigger=SILENCE,
    actions=[
        ChangeFlowRunState(
            state=StateType.CRASHED, message="The run's process vanished: it gave no sign of life for 90 seconds."
        )
    ],
)


def watch_heartbeats(client: SyncPrefectClient) -> None:
    """Create the automation, or update the one with its name."""
    apply(client, VANISHED)


def watch_endings(client: SyncPrefectClient) -> None:
    """Start the watch as soon as a reconnect is over whose own program may not have been there to withdraw it.

    Raises:
        ObjectNotFound: the watch is not deployed.
    """
    watch = client.read_deployment_by_name(WATCH)
    ended = EventTrigger(
        posture=Posture.Reactive,
        expect={f"prefect.flow-run.{ending}" for ending in ("Cancelled", "Crashed")},
        match_related=ResourceSpecification({"prefect.resource.role": "flow", "prefect.resource.name": "reconnect"}),
        threshold=1,
        within=timedelta(0),
    )
    apply(
        client,
        AutomationCore(
            name="Withdraw reconnects that ended alone",
            description="Starts the watch when a reconnect crashed or was cancelled, so that nothing waits for it.",
            trigger=ended,
            actions=[RunDeployment(deployment_id=watch.id)],
        ),
    )
