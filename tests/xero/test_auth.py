import asyncio
import threading
from datetime import timedelta

import httpx
import pytest

from tests.xero.fakes import START, FakeClock, FakeKeeper, Script, Stream, client, token_set
from xpm.xero.auth import JustGranted, XeroAuth
from xpm.xero.errors import ConsentNeeded

URL = "https://api.xero.example/x"
OK = httpx.Response(200, text="fine")


def unauthorized(detail: str) -> httpx.Response:
    return httpx.Response(401, json={"Title": "Unauthorized", "Status": 401, "Detail": detail})


EXPIRED = "TokenExpired: token expired at 03/02/2026 09:00:00"


def auth(keeper: FakeKeeper | JustGranted) -> XeroAuth:
    return XeroAuth(keeper, FakeClock())


def sent_tokens(script: Script) -> list[str]:
    return [request.headers["Authorization"] for request in script.requests]


def test_a_valid_token_is_used_without_renewal() -> None:
    keeper, script = FakeKeeper(token_set("first")), Script([OK])
    assert client(script, auth(keeper)).get(URL).status_code == 200
    assert sent_tokens(script) == ["Bearer access-first"]
    assert keeper.renewed == []


@pytest.mark.parametrize("seconds_left", [-5, 0, 59, 60])
def test_a_token_about_to_expire_is_renewed_before_the_request(seconds_left: int) -> None:
    keeper = FakeKeeper(token_set("old", START + timedelta(seconds=seconds_left)))
    script = Script([OK])
    client(script, auth(keeper)).get(URL)
    assert sent_tokens(script) == ["Bearer access-renewed-1"]


@pytest.mark.parametrize("answer", [unauthorized(EXPIRED), unauthorized("AuthenticationUnsuccessful")])
def test_after_a_401_the_token_is_renewed_and_the_request_repeated_once(answer: httpx.Response) -> None:
    keeper, script = FakeKeeper(token_set("first")), Script([answer, OK])
    assert client(script, auth(keeper)).get(URL).status_code == 200
    assert sent_tokens(script) == ["Bearer access-first", "Bearer access-renewed-1"]


def test_a_second_401_reaches_the_caller() -> None:
    keeper, script = FakeKeeper(token_set("first")), Script([unauthorized(EXPIRED)])
    assert client(script, auth(keeper)).get(URL).status_code == 401
    assert len(script.requests) == 2
    assert len(keeper.renewed) == 1


@pytest.mark.parametrize(
    "answer",
    [
        unauthorized("AuthorizationUnsuccessful"),
        httpx.Response(401, content=b'{"detail": "AuthorizationUnsuccessful"}'),
        httpx.Response(401, headers={"WWW-Authenticate": 'Bearer error="insufficient_scope"'}),
    ],
)
def test_a_missing_scope_does_not_renew_the_token(answer: httpx.Response) -> None:
    keeper, script = FakeKeeper(token_set("first")), Script([answer])
    assert client(script, auth(keeper)).get(URL).status_code == 401
    assert keeper.renewed == []


@pytest.mark.parametrize("status", [200, 403, 404, 429, 500, 503])
def test_no_other_status_renews_the_token(status: int) -> None:
    keeper, script = FakeKeeper(token_set("first")), Script([httpx.Response(status)])
    client(script, auth(keeper)).get(URL)
    assert keeper.renewed == []


def test_an_error_of_the_token_keeper_reaches_the_caller() -> None:
    keeper = FakeKeeper(token_set("first"), failure=ConsentNeeded("dead"))
    with pytest.raises(ConsentNeeded, match="dead"):
        client(Script([unauthorized(EXPIRED)]), auth(keeper)).get(URL)


def test_just_granted_tokens_cannot_be_renewed() -> None:
    with pytest.raises(ConsentNeeded):
        client(Script([unauthorized(EXPIRED)]), auth(JustGranted(token_set("fresh")))).get(URL)


def test_the_body_of_a_good_answer_is_not_read_in_advance() -> None:
    stream = Stream([b"one", b"two"])
    http = client(Script([httpx.Response(200, stream=stream)]), auth(FakeKeeper(token_set("first"))))
    with http.stream("GET", URL) as response:
        assert not response.is_stream_consumed
        assert list(response.iter_bytes()) == [b"one", b"two"]


def test_an_async_client_renews_the_token_without_blocking_its_loop() -> None:
    keeper, script = FakeKeeper(token_set("first")), Script([unauthorized(EXPIRED), OK])

    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.MockTransport(script), auth=auth(keeper)) as http:
            return await http.get(URL)

    assert asyncio.run(get()).status_code == 200
    assert sent_tokens(script) == ["Bearer access-first", "Bearer access-renewed-1"]
    assert threading.get_ident() not in keeper.threads
