"""A scripted person who edits in FYI, and somebody who edits the same in Xero Practice Manager."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State
from sqlmodel import col, select

from cli.demo.stage import ADMIN, PRACTICE, Stage
from xpm.entities.names import Noun
from xpm.integration import Integration
from xpm.push.asks import Ask
from xpm.push.deciding import Decision, conflicts_of, decide
from xpm.push.editing import Editor, edit, scope_of
from xpm.store.records import kinds
from xpm.store.records.scope import in_scope
from xpm.store.tables import CurrentJob, Job

PUSH = "push/push"
FIELD = "Fee budget"

Tell = Callable[[str], None]
Follow = Callable[[UUID], State[Any]]


@dataclass(frozen=True)
class Editing:
    """The demo's installation, its Prefect and its Xero."""

    stage: Stage
    integration: Integration
    client: SyncPrefectClient
    follow: Follow
    tell: Tell

    def play(self) -> list[str]:
        """Edit a job, let Xero Practice Manager have it, then edit it on both sides. Returns what went wrong."""
        number = self._a_job()
        wrong = self._edit_and_send(number)
        return wrong + self._settle_a_conflict(number)

    def _edit_and_send(self, number: str) -> list[str]:
        wanted = {"name": "Annual accounts, reviewed in FYI", FIELD: "1250.50"}
        self.tell(f"changes the name and the custom field {FIELD} of job {number} in FYI: it shows Pending Sync")
        self._edit(number, wanted)
        ended = self._push()
        found = {"name": self._in_xpm(number), FIELD: self._value_in_xpm(number)}
        self.tell(f"sees in Xero Practice Manager: {found['name']}; {FIELD} {found[FIELD]}")
        return _differences(ended, wanted, found)

    def _settle_a_conflict(self, number: str) -> list[str]:
        self.tell(f"changes the name of job {number} again, while somebody changes it in Xero Practice Manager")
        self._edit(number, {"name": "Named in FYI"})
        self._change_in_xpm(number, {"Name": "Named in Xero Practice Manager"})
        self._push()
        waiting = conflicts_of(self.integration, PRACTICE)
        kept = self._in_xpm(number)
        self.tell(f"sees the conflict, in which nothing was overwritten ({kept}), and keeps FYI's value")
        decide(self.integration, PRACTICE, Decision.keep, waiting, ADMIN)
        ended = self._push()
        found = self._in_xpm(number)
        self.tell(f"sees in Xero Practice Manager: {found}")
        missing = [] if len(waiting) == 1 else [f"There were {len(waiting)} conflicts instead of one."]
        return missing + _differences(ended, {"name": "Named in FYI"}, {"name": found})

    def _a_job(self) -> str:
        with self.integration.database.read() as session:
            scope = scope_of(session, self.integration.practice(PRACTICE))
            current = select(Job.number).join(CurrentJob, col(CurrentJob.key) == col(Job.key))
            return str(session.exec(current.where(in_scope(kinds.JOBS, scope)).order_by(Job.number).limit(1)).one())

    def _edit(self, number: str, values: Mapping[str, str]) -> None:
        edit(self.integration, PRACTICE, [Ask(Noun.JOB, number, values)], Editor(ADMIN))

    def _push(self) -> State[Any]:
        deployment = self.client.read_deployment_by_name(PUSH)
        run = self.client.create_flow_run_from_deployment(deployment.id, parameters={"practice": PRACTICE})
        return self.follow(run.id)

    def _records(self) -> str:
        with self.integration.database.read() as session:
            tenant_id = scope_of(session, self.integration.practice(PRACTICE)).tenant_id
        return f"{self.stage.sandbox}/sandbox/tenants/{tenant_id}/records"

    def _in_xpm(self, number: str) -> str:
        jobs = httpx.get(f"{self._records()}/jobs", timeout=60).raise_for_status().json()
        return next(str(one["Name"]) for one in jobs if one["ID"] == number)

    def _value_in_xpm(self, number: str) -> str:
        owners = httpx.get(f"{self._records()}/custom_field_values", timeout=60).raise_for_status().json()
        values = next(one["values"] for one in owners if one["owner"] == "job" and one["key"] == number)
        return next(str(one["Decimal"]).replace(",", "") for one in values if one["Name"] == FIELD)

    def _change_in_xpm(self, number: str, fields: Mapping[str, str]) -> None:
        httpx.patch(f"{self._records()}/jobs/{quote(number)}", json=dict(fields), timeout=60).raise_for_status()


def _differences(ended: State[Any], wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    wrong = [] if ended.is_completed() else [f"The push ended {ended.name}: {ended.message}"]
    return wrong + [
        f"{name}: {found[name]} instead of {value}" for name, value in wanted.items() if found[name] != value
    ]
