"""Writes to the XPM API 3.1 for one tenant: each write is sent once."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from xpm.xero.app import XeroApp
from xpm.xero.clock import Clock, Sleep, utc_now
from xpm.xero.endpoints import Endpoint
from xpm.xero.http.answers import error_of_write
from xpm.xero.http.calls import Calls
from xpm.xero.http.limits import Budget
from xpm.xero.http.requests import TenantRequests
from xpm.xero.models import Client, Job, TimeEntry, XpmRecord
from xpm.xero.models.scalars import is_same_name
from xpm.xero.records import AnswerCounts, Sent
from xpm.xero.writes import Write, WriteEndpoint
from xpm.xero.xml.answer import RecordReader


@dataclass(frozen=True)
class Answered:
    """XPM says that it did the write. Only the record, or reading it again, shows what XPM made of it.

    Attributes:
        record: the record as it is now; None if the answer has none, or none that could be read in whole.
        correlation_id: what Xero's support asks for.
        server_time: Xero's time, aware UTC.
        digest: what recognises the record if a pull gets it in the same bytes; None without a record.
    """

    record: Job | Client | TimeEntry | None
    correlation_id: str | None
    server_time: datetime | None
    digest: bytes | None = None


class XpmWriter:
    """Sends writes for one tenant. `http`, `budget` and `reader_of` are as for `XpmApi`.

    A write is sent again only where Xero certainly did not execute it: after a 401 for its token, after a minute or
    concurrent limit, and if no connection was made.
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
    ) -> None:
        self._requests = TenantRequests(http, app, tenant_id)
        self._calls = Calls(http, budget, sleep, clock, meaning=error_of_write)
        self._reader_of = reader_of

    def send(self, write: Write) -> Answered:
        """Send a write, and return when XPM says that it was executed.

        Raises:
            AnswerLost: it may have been executed; look before sending it again.
            Refused: it was not executed, and repeating it does not help. `StateConflict` if the record changed
                meanwhile, `RecordGone` if XPM has no such record.
            ScopeMissing, AccessLost, Blocked, ConsentNeeded, MisconfiguredApp, RateLimited, XeroUnavailable: it was not
                executed, for reasons that are not about this write.
        """
        tally = AnswerCounts()

        def parse(body: Iterator[bytes]) -> Iterator[Sent[Any]]:
            answer = write.endpoint.answer or _only_status(write.endpoint)
            return RecordReader(answer, tally.unknown, self._reader_of(answer.model), required=False).read(body)

        sent = list(self._calls.read(write.endpoint.label, self._requests.writing(write), tally, parse))
        found = _written(write, sent)
        record, digest = (found, sent[0].digest) if found else (None, None)
        return Answered(record, tally.correlation_id, tally.server_time, digest)


def _only_status(endpoint: WriteEndpoint) -> Endpoint[Any]:
    """How to read an answer of which only the Status counts: XPM has no element of this name."""
    return Endpoint(endpoint.label, "", "NoRecord", XpmRecord)


def _written(write: Write, sent: list[Sent[Any]]) -> Job | Client | TimeEntry | None:
    """The one record of the answer, if it was read in whole and is the one that was written to."""
    if len(sent) != 1:
        return None
    match sent[0].read({}):
        case Job(number=name) | Client(uuid=name) as record:
            return record if is_same_name(name, write.key) else None
        case TimeEntry(job_number=number) as entry:
            return entry if is_same_name(number or "", write.key) else None
        case _:
            return None
