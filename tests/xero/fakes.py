"""Fakes: a clock that moves only when told, a token keeper, a budget, and a Xero that is one function."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import SecretStr

from xpm.xero.api import XpmApi
from xpm.xero.app import XeroApp
from xpm.xero.clock import Clock
from xpm.xero.http.bounded import BoundedTransport
from xpm.xero.http.limits import Call, Said
from xpm.xero.tokens import TokenSet

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

APP = XeroApp(
    client_id="APP-ID",
    client_secret=SecretStr("app-secret-value"),
    redirect_uri="https://fyi.example/oauth/callback",
    authorize_url="https://login.xero.example/authorize",
    token_url="https://identity.xero.example/token",
    revocation_url="https://identity.xero.example/revocation",
    connections_url="https://api.xero.example/connections",
    xpm_url="https://api.xero.example/practicemanager/3.1/",
    tax_url="https://api.xero.example/tax/returns",
    issuer="https://identity.xero.example",
    jwks_url="https://identity.xero.example/jwks",
)


class FakeClock:
    """A clock that moves only by `sleep` and `advance`."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def token_set(name: str, expires_at: datetime = START + timedelta(minutes=30)) -> TokenSet:
    """Build tokens that contain `name`, to tell them apart."""
    return TokenSet(
        access_token=SecretStr(f"access-{name}"),
        refresh_token=SecretStr(f"refresh-{name}"),
        expires_at=expires_at,
        scopes=frozenset({"practicemanager"}),
    )


@dataclass
class FakeKeeper:
    """Holds tokens and numbers the renewed ones; records which threads called it."""

    tokens: TokenSet
    failure: Exception | None = None
    renewed: list[TokenSet] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def current(self) -> TokenSet:
        self.threads.add(threading.get_ident())
        return self.tokens

    def renew(self, stale: TokenSet) -> TokenSet:
        self.threads.add(threading.get_ident())
        if self.failure is not None:
            raise self.failure
        self.renewed.append(stale)
        self.tokens = token_set(f"renewed-{len(self.renewed)}")
        return self.tokens


Answer = Callable[[httpx.Request], httpx.Response]


def client(answer: Answer, auth: httpx.Auth | None = None) -> httpx.Client:
    """Build a client whose every request is answered by one function, within the bounds of answers."""
    return httpx.Client(transport=BoundedTransport(httpx.MockTransport(answer)), auth=auth)


@dataclass
class Script:
    """Gives its answers in order and repeats the last one; raises those that are exceptions. Records the requests."""

    answers: list[httpx.Response | Exception]
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
        as_sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
        self.requests.append(as_sent)  # a copy: httpx changes the request when it repeats it
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer.stream, Stream):
            return answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)  # unread


class OpenBudget:
    """Allows every call at once; counts the calls in flight and keeps the ended ones."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.in_flight = 0
        self.ended: list[Call] = []

    @contextmanager
    def slot(self, endpoint: str) -> Iterator[Call]:
        call = Call(endpoint, self.clock)
        self.in_flight += 1
        try:
            yield call
        finally:
            self.in_flight -= 1
            self.ended.append(call)

    @property
    def said(self) -> list[Said | None]:
        return [call.said for call in self.ended]


def xpm_api(answer: Answer, clock: FakeClock | None = None) -> XpmApi:
    """Build an API that a function answers, without limits or real waiting."""
    clock = clock or FakeClock()
    return XpmApi(client(answer), APP, "tenant-1", OpenBudget(clock), sleep=clock.sleep, clock=clock)


def envelope(inside: str, status: str = "OK") -> bytes:
    """Build an XPM answer."""
    return f'<Response api-method="List"><Status>{status}</Status>{inside}</Response>'.encode()


class Stream(httpx.SyncByteStream):
    """A body that arrives in pieces and may end with an error."""

    def __init__(self, pieces: list[bytes], failure: Exception | None = None) -> None:
        self.pieces = pieces
        self.failure = failure
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        self.closed = True
