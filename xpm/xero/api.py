"""Reads the XPM API 3.1 for one tenant."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import httpx

from xpm.xero import endpoints
from xpm.xero.app import XeroApp
from xpm.xero.clock import Clock, Sleep, utc_now
from xpm.xero.endpoints import Endpoint
from xpm.xero.errors import UnreadableAnswer, XeroError
from xpm.xero.http.calls import Calls
from xpm.xero.http.limits import Budget
from xpm.xero.http.patience import Tries
from xpm.xero.http.requests import TenantRequests
from xpm.xero.models import Client, CustomFieldValue, Job, TimeEntry, XpmRecord
from xpm.xero.models.scalars import is_same_name
from xpm.xero.records import AnswerCounts, PartlyRead, Records, Sent, Unreadable
from xpm.xero.xml.answer import RecordReader

M = TypeVar("M", bound=XpmRecord)

LONGEST_WINDOW = timedelta(days=364)
"""Longest date range of `job.api/list`. Xero documents at most one year; the live server requires less than a year."""

_DETAILED = {"detailed": "true"}


class XpmApi:
    """Reads the XPM records of one tenant.

    `http` must have an `XeroAuth`; `budget` is the tenant's. A method that returns `Records` calls Xero only when
    they are iterated, and raises the errors of `xpm.xero.errors` then. A call is retried on 5xx, connection errors and
    short limits until its first record is yielded. `reader_of` gives a fingerprint of what reads records of a model,
    which keys the digests of records as sent; without it, they say nothing about a change of the reader.
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
        reader_of: Callable[[type[XpmRecord]], bytes] = lambda _: b"",
        tries: Tries | None = None,
    ) -> None:
        self._requests = TenantRequests(http, app, tenant_id)
        self._reader_of = reader_of
        self._calls = Calls(http, budget, sleep, clock, tries)

    def clients(self, modified_since: datetime | None = None, *, detailed: bool = True) -> Records[Client]:
        """Read all clients, including archived and deleted ones, or those modified since an aware time.

        It is unknown whether Xero's bound is inclusive, so let ranges overlap by a few minutes. Without details, an
        answer has no notes, groups and relationships; Xero charges by the byte.
        """
        return self._records(endpoints.CLIENTS, _details(detailed) | _since(modified_since))

    def client(self, uuid: str) -> Records[Client]:
        """Read one client. Raises `RecordGone` if there is none, and `UnreadableAnswer` if it is another one."""
        return self._single(endpoints.CLIENT, uuid, lambda client: client.uuid)

    def current_jobs(self, *, detailed: bool = True) -> Records[Job]:
        """Read the jobs in no completed or closed state, however old. Details are tasks, milestones and notes."""
        return self._records(endpoints.CURRENT_JOBS, _details(detailed))

    def jobs_created(self, first: date, last: date) -> Records[Job]:
        """Read the jobs of any state created from `first` to `last` inclusive.

        Raises `ValueError` at once for a range that Xero would refuse: backwards, or longer than `LONGEST_WINDOW`.
        """
        return self._records(endpoints.JOBS, _DETAILED | _window(first, last))

    def job(self, number: str) -> Records[Job]:
        """Read the job that has this number now.

        Raises `RecordGone` if none has, as after a deletion, and `UnreadableAnswer` if it is one with another number.
        """
        return self._single(endpoints.JOB, number, lambda job: job.number)

    def jobs_of_client(self, uuid: str) -> Records[Job]:
        """Read all jobs of one client, in any state, for one call. Raises `RecordGone` if there is no such client."""
        return self._records(endpoints.JOBS_OF_CLIENT, _DETAILED, key=uuid)

    def list(self, endpoint: Endpoint[M], params: Mapping[str, str] | None = None) -> Records[M]:
        """Read a list that needs no more than its endpoint, such as staff, client groups or job categories."""
        return self._records(endpoint, params)

    def client_field_values(self, uuid: str) -> Records[CustomFieldValue]:
        """Read the custom-field values of one client, for one call. A missing field has no value."""
        return self._records(endpoints.CLIENT_FIELD_VALUES, key=uuid)

    def job_field_values(self, number: str) -> Records[CustomFieldValue]:
        """Read the custom-field values of one job, by its number, for one call."""
        return self._records(endpoints.JOB_FIELD_VALUES, key=number)

    def time_entries(self, number: str, first: date, last: date) -> Records[TimeEntry]:
        """Read the time entries of one job, by its number, from `first` to `last` inclusive.

        Xero says of its other lists of time that they go by the day an entry was made, but they seem to go by the
        entry's own date. So let a range include both. Raises `ValueError` for a range as `jobs_created` does.
        """
        return self._records(endpoints.TIME_OF_JOB, _window(first, last), key=number)

    def trouble_with(self, endpoint: Endpoint[M], params: Mapping[str, str] | None = None) -> XeroError | None:
        """Read a short list, and return the error that it ends with, if any."""
        try:
            for _ in self._records(endpoint, params):
                pass
        except XeroError as error:
            return error
        return None

    def _single(self, endpoint: Endpoint[M], key: str, name_of: Callable[[M], str]) -> Records[M]:
        """Read what an answer about one record holds. Another record proves nothing about the one asked for."""
        answer = self._reading(endpoint, None, key)

        def read(tally: AnswerCounts) -> Iterator[Sent[M]]:
            for sent in answer(tally):
                _require(endpoint, key, sent, name_of)
                yield sent

        return Records(read)

    def _records(self, endpoint: Endpoint[M], params: Mapping[str, str] | None = None, key: str = "") -> Records[M]:
        return Records(self._reading(endpoint, params, key))

    def _reading(
        self, endpoint: Endpoint[M], params: Mapping[str, str] | None, key: str
    ) -> Callable[[AnswerCounts], Iterator[Sent[M]]]:
        request = self._requests.reading(endpoint, key, params)

        def read(tally: AnswerCounts) -> Iterator[Sent[M]]:
            def parse(body: Iterator[bytes]) -> Iterator[Sent[M]]:
                reader = RecordReader(endpoint, tally.unknown, self._reader_of(endpoint.model))  # new for each attempt
                return reader.read(body)

            return self._calls.read(endpoint.label, request, tally, parse)

        return read


def _require(endpoint: Endpoint[M], key: str, sent: Sent[M], name_of: Callable[[M], str]) -> None:
    """Raise UnreadableAnswer if the record is another one than `key` names, as far as it is readable."""
    read = sent.read({})
    record = read.record if isinstance(read, PartlyRead) else read
    if isinstance(record, Unreadable) or is_same_name(name_of(record), key):
        return
    message = f"Xero's answer to {endpoint.label} has another {endpoint.item} than the one asked for: {name_of(record)}"
    raise UnreadableAnswer(message, endpoint=endpoint.label, status=200)


def _window(first: date, last: date) -> dict[str, str]:
    if not timedelta(0) <= last - first <= LONGEST_WINDOW:
        raise ValueError(f"Xero lists 0 to {LONGEST_WINDOW.days} days at once, not {first} to {last}.")
    return {"from": f"{first:%Y%m%d}", "to": f"{last:%Y%m%d}"}


def _details(wanted: bool) -> dict[str, str]:
    return _DETAILED if wanted else {}


def _since(moment: datetime | None) -> dict[str, str]:
    """`modifiedsince` is UTC without a time zone."""
    if moment is None:
        return {}
    if moment.tzinfo is None:
        raise ValueError("modified_since must be aware: Xero reads it as UTC.")
    return {"modifiedsince": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"}
