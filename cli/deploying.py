"""`fyi-xpm migrate` and `fyi-xpm deploy`: putting the database and Prefect in step with this version."""

import os
import subprocess
import sys
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectAlreadyExists
from rich.console import Console

from xpm.connection.integration import Integration
from xpm.store import practices
from xpm.store.tables import Practice

ROOT = Path(__file__).resolve().parents[1]
POOL = "xpm"
NIGHTLY = "0 19 * * *"
"""Seven in the evening of the practice's own clock (FYI: "Xero Practice Manager Synchronisation Types")."""


def migrate() -> None:
    """Bring the database to the newest schema."""
    with Integration.opened() as integration:
        integration.database.migrate()
    Console().print("The database is up to date.")


def deploy() -> None:
    """Deploy the runbooks to Prefect and schedule every practice's nightly sync. Safe to repeat."""
    with get_client(sync_client=True) as client:
        _make_pool(client)
        environment = {**os.environ, "PWD": str(ROOT)}  # prefect.yaml takes the flows from there
        command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)  # noqa: S603 - our own command
        with Integration.opened() as integration, integration.database.read() as session:
            known = practices.all_of_them(session)
        for practice in known:
            _schedule(client, practice)
    Console().print(f"Deployed; {len(known)} practices are scheduled for every night at 19:00 of their own time.")


def _make_pool(client: SyncPrefectClient) -> None:
    try:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    except ObjectAlreadyExists:
        return


def _schedule(client: SyncPrefectClient, practice: Practice) -> None:
    """Give the practice its own schedule of `overnight`, or correct the one it has."""
    deployment = client.read_deployment_by_name("sync/overnight")
    schedule = CronSchedule(cron=NIGHTLY, timezone=practice.time_zone)
    of_practice = {"practice": practice.slug}
    existing = next((one for one in deployment.schedules if one.slug == practice.slug), None)
    if existing is None:
        created = DeploymentScheduleCreate(schedule=schedule, parameters=of_practice, slug=practice.slug)
        client.create_deployment_schedules(deployment.id, [created])
    else:
        client.update_deployment_schedule(deployment.id, existing.id, schedule=schedule, parameters=of_practice)
