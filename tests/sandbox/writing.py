"""What the tests of writes share: records to write to, and the XML of requests."""

from typing import Any
from xml.sax.saxutils import escape

from sandbox.accounts.account import Account
from sandbox.world import HARBOUR_VALE
from tests.sandbox.xero_app import XeroApp


def account_of(app: XeroApp) -> Account:
    return app.server.world.accounts[HARBOUR_VALE]


def open_job(app: XeroApp) -> dict[str, Any]:
    """Return a job that is not closed, has tasks, and nobody assigned."""
    account = account_of(app)
    job = next(job for job in account.jobs.records() if not account.rules.is_closed(job["State"]))
    idle = {"Assigned": [], "Tasks": [task | {"Assigned": []} for task in job["Tasks"]]}
    return dict(app.control("PATCH", f"tenants/{HARBOUR_VALE}/records/jobs/{job['ID']}", idle).json())


def job_now(app: XeroApp, number: str) -> dict[str, Any]:
    return next(job for job in app.truth("jobs") if job["ID"] == number)


def client_now(app: XeroApp, uuid: str) -> dict[str, Any]:
    return next(client for client in app.truth("clients") if client["UUID"] == uuid)


def field(app: XeroApp, name: str) -> str:
    """Return the UUID of the custom field with that name."""
    return str(next(row["UUID"] for row in app.truth("custom_field_definitions") if row["Name"] == name))


def values_now(app: XeroApp, key: str) -> dict[str, str]:
    """Return the values of a record by the name of their field."""
    held = next(row["values"] for row in app.truth("custom_field_values") if row["key"] == key)
    return {value["Name"]: next(text for name, text in value.items() if name not in {"UUID", "Name"}) for value in held}


def elements(parts: dict[str, str]) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in parts.items())


def job_xml(number: str, **parts: str) -> str:
    return f"<Job>{elements({'ID': number} | parts)}</Job>"


def client_xml(uuid: str, **parts: str) -> str:
    return f"<Client>{elements({'UUID': uuid} | parts)}</Client>"


def values_xml(*values: tuple[str, str, str]) -> str:
    """Return the body for (field's UUID, value element, value)."""
    fields = "".join(f"<CustomField>{elements({'UUID': u, e: v})}</CustomField>" for u, e, v in values)
    return f"<CustomFields>{fields}</CustomFields>"


def timesheet(job: dict[str, Any], staff: str, **parts: str) -> str:
    """Return the body of a time entry: an hour on the job's first task, unless told otherwise."""
    usual = {
        "Job": job["ID"],
        "TaskUUID": job["Tasks"][0]["UUID"],
        "StaffUUID": staff,
        "Date": "20261103",
        "Minutes": "60",
        "Note": "Reviewed <the> ledger & rang",
    }
    return f"<Timesheet>{elements({name: text for name, text in (usual | parts).items() if text})}</Timesheet>"


def assign(app: XeroApp, job: dict[str, Any], orders: str) -> None:
    app.written("PUT", "job.api/assign", f"<Job><ID>{job['ID']}</ID>{orders}</Job>")


def rules(app: XeroApp, **changed: object) -> dict[str, Any]:
    shown: dict[str, Any] = app.control("PATCH", f"tenants/{HARBOUR_VALE}/rules", changed).json()
    return shown
