"""Reads the XPM API 3.1 for one tenant."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, TypeVar
from urllib.parse import quote

import httpx

from xpm.xero import endpoints
from xpm.xero.app import XeroApp
from xpm.xero.clock import Clock, Sleep, utc_now
from xpm.xero.endpoints import Endpoint
from xpm.xero.errors import XeroError
from xpm.xero.http.calls import TIMEOUT, Calls
from xpm.xero.http.limits import Budget
from xpm.xero.models import (
    Category,
    Client,
    ClientGroup,
    CustomFieldDefinition,
    CustomFieldValue,
    Job,
    Staff,
    XpmRecord,
)
from xpm.xero.pull import Pull, Sent, Tally
from xpm.xero.xml.answer import RecordReader

M = TypeVar("M", bound=XpmRecord)

LONGEST_WINDOW = timedelta(days=364)
"""Longest date range of `job.api/list`. Xero documents at most one year; the live server requires less than a year."""

_DETAILED = {"detailed": "true"}


class Probe(NamedTuple):
    """Whether one endpoint can be read now; if so, `error` is None."""

    endpoint: str
    error: XeroError | None


class XpmApi:
    """Reads the XPM records of one tenant.

    `http` must have an `XeroAuth`; `budget` is the tenant's. A method that returns a `Pull` calls Xero only when the
    pull is iterated, and raises the errors of `xpm.xero.errors` then. A call is retried on 5xx, connection errors and
    short limits until its first record is yielded.
    """

    def __init__(
        self,
        http: httpx.Client,
        app: XeroApp,
        tenant_id: str,
        budget: Budget,
        *,
        sleep: Sleep = time.sleep,
        clock: Clock = utc_now,
    ) -> None:
        self._http = http
        self._base = app.xpm_url.rstrip("/")
        self._headers = {"Accept": "application/xml", "xero-tenant-id": tenant_id}
        self._calls = Calls(http, budget, sleep, clock)
        self._clock = clock

    def clients(self, modified_since: datetime | None = None, *, detailed: bool = True) -> Pull[Client]:
        """Read all clients, including archived and deleted ones, or those modified since an aware time.

        It is unknown whether Xero's bound is inclusive, so let ranges overlap by a few minutes. Without details, an
        answer has no notes, groups and relationships; Xero charges by the byte.
        """
        return self._pull(endpoints.CLIENTS, _details(detailed) | _since(modified_since))

    def client(self, uuid: str) -> Pull[Client]:
        """Read one client. Raises `NotFound` if there is none."""
        return self._pull(endpoints.CLIENT, key=uuid)

    def current_jobs(self, *, detailed: bool = True) -> Pull[Job]:
        """Read the jobs in no completed or closed state, however old. Details are tasks, milestones and notes."""
        return self._pull(endpoints.CURRENT_JOBS, _details(detailed))

    def jobs_created(self, first: date, last: date) -> Pull[Job]:
        """Read the jobs of any state created from `first` to `last` inclusive.

        Raises `ValueError` at once for a range that Xero would refuse: backwards, or longer than `LONGEST_WINDOW`.
        """
        if not timedelta(0) <= last - first <= LONGEST_WINDOW:
            raise ValueError(f"Xero lists jobs for 0 to {LONGEST_WINDOW.days} days at once, not {first} to {last}.")
        window = {"from": f"{first:%Y%m%d}", "to": f"{last:%Y%m%d}"}
        return self._pull(endpoints.JOBS, _DETAILED | window)

    def job(self, number: str) -> Pull[Job]:
        """Read one job by its number. Raises `NotFound` if there is none, or if it was deleted."""
        return self._pull(endpoints.JOB, key=number)

    def staff(self) -> Pull[Staff]:
        """Read all staff. A person missing from a complete list was removed."""
        return self._pull(endpoints.STAFF)

    def client_groups(self) -> Pull[ClientGroup]:
        """Read all client groups, without members: each client lists its own groups."""
        return self._pull(endpoints.CLIENT_GROUPS)

    def job_categories(self) -> Pull[Category]:
        """Read all job categories."""
        return self._pull(endpoints.JOB_CATEGORIES)

    def custom_field_definitions(self) -> Pull[CustomFieldDefinition]:
        """Read all custom-field definitions."""
        return self._pull(endpoints.CUSTOM_FIELD_DEFINITIONS)

    def client_field_values(self, uuid: str) -> Pull[CustomFieldValue]:
        """Read the custom-field values of one client, for one call. A missing field has no value."""
        return self._pull(endpoints.CLIENT_FIELD_VALUES, key=uuid)

    def job_field_values(self, number: str) -> Pull[CustomFieldValue]:
        """Read the custom-field values of one job, by its number, for one call."""
        return self._pull(endpoints.JOB_FIELD_VALUES, key=number)

    def probes(self) -> list[Probe]:
        """Make the smallest call of each scope area: five calls with small answers."""
        today = f"{self._clock():%Y%m%d}"
        return [
            self._probe(endpoints.CLIENT_PAGE, {"pageSize": "1"}),
            self._probe(endpoints.JOBS, {"from": today, "to": today}),
            self._probe(endpoints.STAFF),
            self._probe(endpoints.JOB_CATEGORIES),
            self._probe(endpoints.CUSTOM_FIELD_DEFINITIONS),
        ]

    def _probe(self, endpoint: Endpoint[M], params: Mapping[str, str] | None = None) -> Probe:
        try:
            for _ in self._pull(endpoint, params or {}):
                pass
        except XeroError as error:
            return Probe(endpoint.label, error)
        return Probe(endpoint.label, None)

    def _pull(self, endpoint: Endpoint[M], params: Mapping[str, str] | None = None, key: str = "") -> Pull[M]:
        url = f"{self._base}/{endpoint.path.format(key=quote(key, safe=''))}"
        request = self._http.build_request("GET", url, params=params or {}, headers=self._headers, timeout=TIMEOUT)

        def read(tally: Tally) -> Iterator[Sent[M]]:
            def parse(body: Iterator[bytes]) -> Iterator[Sent[M]]:
                return RecordReader(endpoint, tally.unknown).read(body)  # a new reader for each attempt

            return self._calls.read(endpoint.label, request, tally, parse)

        return Pull(read)


def _details(wanted: bool) -> dict[str, str]:
    return _DETAILED if wanted else {}


def _since(moment: datetime | None) -> dict[str, str]:
    """`modifiedsince` is UTC without a time zone."""
    if moment is None:
        return {}
    if moment.tzinfo is None:
        raise ValueError("modified_since must be aware: Xero reads it as UTC.")
    return {"modifiedsince": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"}
