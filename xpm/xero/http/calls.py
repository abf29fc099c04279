"""Calls for one tenant: within its budget, repeated after short failures, and counted."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TypeVar

import httpx

from xpm.xero.clock import Clock, Sleep
from xpm.xero.errors import XeroError
from xpm.xero.http.answers import correlation_id_of, error_of, server_time, transport_error
from xpm.xero.http.bounded import wire_bytes
from xpm.xero.http.limits import Budget
from xpm.xero.http.patience import Patience, Tries
from xpm.xero.records import AnswerCounts

T = TypeVar("T")

TIMEOUT = httpx.Timeout(30.0, connect=10.0, read=300.0)  # seconds; detailed lists of large practices take minutes
_CHUNK = 64 * 1024


Meaning = Callable[[XeroError, str], XeroError]
"""What an error of a call to the endpoint with this label means."""


class Calls:
    """Sends requests and passes the bodies of their answers to a parser as they arrive.

    `meaning` decides what an error is, and by that whether the call may be repeated; by default it is what it seems.
    """

    def __init__(
        self,
        http: httpx.Client,
        budget: Budget,
        sleep: Sleep,
        clock: Clock,
        tries: Tries | None = None,
        *,
        meaning: Meaning = lambda error, _: error,
    ) -> None:
        self._meaning = meaning
        self._http = http
        self._tries = tries
        self._budget = budget
        self._sleep = sleep
        self._clock = clock

    def read(
        self, label: str, request: httpx.Request, tally: AnswerCounts, parse: Callable[[Iterator[bytes]], Iterator[T]]
    ) -> Iterator[T]:
        """Yield what `parse` yields from the body.

        Repeats the call on `XeroUnavailable` (but not on `AnswerLost`) and on short limits, and only until the first
        item is yielded: a yielded item cannot be taken back.
        """
        patience = Patience(label, request, self._clock, self._sleep, self._tries)
        handed_on = False
        while True:
            try:
                for item in self._attempt(label, request, tally, parse):
                    handed_on = True
                    yield item
            except XeroError as raised:
                error = self._meaning(raised, label)
                patience.note(error)
                if handed_on or not patience.sit_out(error):
                    raise error from None
            else:
                return

    def _attempt(
        self, label: str, request: httpx.Request, tally: AnswerCounts, parse: Callable[[Iterator[bytes]], Iterator[T]]
    ) -> Iterator[T]:
        tally.correlation_id = None
        with self._budget.slot(label) as call:
            tally.calls += 1
            response = self._send(request, label)
            tally.correlation_id = correlation_id_of(response)
            try:
                call.answered(response.headers, response.status_code)
                tally.server_time = tally.server_time or server_time(response)
                if response.status_code != HTTPStatus.OK:
                    raise self._refused(response, label)
                yield from parse(_body(response, label))
            except XeroError as error:
                error.correlation_id = error.correlation_id or tally.correlation_id
                raise
            finally:
                response.close()
                call.bytes = wire_bytes(response)
                tally.bytes += call.bytes

    def _send(self, request: httpx.Request, label: str) -> httpx.Response:
        try:
            return self._http.send(request, stream=True)
        except httpx.RequestError as error:
            raise transport_error(error, label) from None

    def _refused(self, response: httpx.Response, label: str) -> XeroError:
        try:
            response.read()
        except httpx.RequestError as error:
            return transport_error(error, label)
        return error_of(response, label, self._clock)


def _body(response: httpx.Response, label: str) -> Iterator[bytes]:
    try:
        yield from response.iter_bytes(_CHUNK)
    except httpx.RequestError as error:
        raise transport_error(error, label) from None
