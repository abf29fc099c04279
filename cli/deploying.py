"""`fyi-xpm deploy`: putting Prefect in step with this version."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectAlreadyExists
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL

from cli.environments import of_prefect_client
from cli.heartbeat import watch_endings, watch_heartbeats
from cli.installation import installation
from cli.notifying import send_news_when_it_waits
from cli.prefect_server import prefect
from cli.progress import progress
from cli.terminal import say
from xpm import prefect_access
from xpm.store import news, practices
from xpm.store.tables import Practice
from xpm.words import message, stop

ROOT = Path(__file__).resolve().parents[1]
POOL = "xpm"
STEPS = 3  # of the progress bar
NIGHTLY = "0 19 * * *"
"""Seven in the evening of the practice's own clock (FYI: "Xero Practice Manager Synchronisation Types")."""


def deploy() -> None:
    """Deploy the runbooks to Prefect and schedule every practice's nightly sync."""
    with installation() as opened, opened.database.read() as session:
        known = practices.all_of_them(session)
        notifying = opened.settings.xpm_notify_url is not None or any(news.is_heard(session, one.slug) for one in known)
    with prefect() as client, progress("Deploying the runbooks to Prefect", of=STEPS) as bar:
        deploy_runbooks(client)
        bar.show("Scheduling the nightly syncs", done=1)
        schedule_nights(client, known)
        bar.show("Setting up the automations", done=2)
        watch_heartbeats(client)
        watch_endings(client)
        send_news_when_it_waits(client)
        bar.show("Deployed", done=STEPS)
    say(f"The runbooks are deployed. Scheduled every night at 19:00 of their own time: {_named(known)}.")
    say(message("operator.notifying" if notifying else "operator.not_notifying").text)


def deploy_runbooks(client: SyncPrefectClient) -> None:
    """Apply prefect.yaml, and make the work pool it names.

    Raises:
        Stopped: Prefect did not take it; with the end of what it said.
    """
    with suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    environment = {**of_prefect_client(os.environ), **_server(), "PWD": str(ROOT)}  # prefect.yaml finds the flows there
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise stop("operator.deploy_failed", reason=done.stdout.strip()[-500:])


def _server() -> Mapping[str, str]:
    """The server of this process, however it was configured."""
    given = {"PREFECT_API_URL": PREFECT_API_URL.value(), prefect_access.CLIENT: PREFECT_API_AUTH_STRING.value()}
    return {name: value for name, value in given.items() if value}


def schedule_nights(client: SyncPrefectClient, known: Sequence[Practice]) -> None:
    """Give each practice its own schedule of `overnight`, or correct the one it has. A paused schedule stays paused."""
    overnight = client.read_deployment_by_name("sync/overnight")
    existing = {one.slug: one for one in overnight.schedules}
    for practice in known:
        schedule = CronSchedule(cron=NIGHTLY, timezone=practice.time_zone)
        wanted = DeploymentScheduleCreate(schedule=schedule, parameters={"practice": practice.slug}, slug=practice.slug)
        old = existing.get(practice.slug)
        if old is None:
            client.create_deployment_schedules(overnight.id, [wanted])
        elif (old.schedule, old.parameters) != (wanted.schedule, wanted.parameters):
            client.update_deployment_schedule(overnight.id, old.id, schedule=schedule, parameters=wanted.parameters)


def _named(known: Sequence[Practice]) -> str:
    return ", ".join(practice.slug for practice in known) or "none yet"
