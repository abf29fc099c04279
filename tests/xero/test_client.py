"""HTTP clients for Xero are made in one place, and no variable of the environment leads their tokens elsewhere."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.xero.hostile_server import HostileServer, hostile, plain
from xpm.xero.http.client import open_client

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "xpm" / "xero" / "http" / "client.py"
STRANGER = ROOT / "cli" / "strangers.py"
PRODUCT = ("flows", "tasks", "xpm", "console", "cli")
MAKES_A_CLIENT = {"Client", "AsyncClient", "HTTPTransport", "get", "post", "put", "delete", "request", "stream"}


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileServer]:
    with hostile(plain(b"by the proxy")) as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, server.url)
            monkeypatch.setenv(name.lower(), server.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield server


def test_a_proxy_of_the_environment_is_not_used(proxy: HostileServer) -> None:
    with hostile(plain(b"by Xero")) as xero, open_client() as http:
        assert http.get(xero.url).content == b"by Xero"
    assert proxy.requests == []


def test_a_proxy_that_is_trusted_is_used(proxy: HostileServer) -> None:
    with open_client(trust_proxy=True) as http:
        assert http.get("http://xero.example/list").content == b"by the proxy"
    assert proxy.requests[0].startswith(b"GET http://xero.example/list ")


def test_a_trusted_proxy_is_passed_by_where_the_environment_says_so(
    proxy: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with hostile(plain(b"by Xero")) as xero, open_client(trust_proxy=True) as http:
        assert http.get(xero.url).content == b"by Xero"
    assert proxy.requests == []


def test_a_redirect_is_not_followed() -> None:
    with (
        hostile(plain(b"", "Location: http://attacker.example/", status="302 Found")) as xero,
        open_client() as http,
    ):
        assert http.get(xero.url, headers={"Authorization": "Bearer secret"}).status_code == 302
    assert len(xero.requests) == 1


def test_only_formats_with_a_bound_are_asked_for() -> None:
    with hostile(plain(b"")) as xero, open_client() as http:
        http.get(xero.url)
    assert b"Accept-Encoding: gzip, deflate\r\n" in xero.requests[0]


def _clients_made_in(file: Path) -> list[str]:
    called = (node.func for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call))
    return [
        f"{file.relative_to(ROOT)}: httpx.{name.attr}"
        for name in called
        if isinstance(name, ast.Attribute)
        and isinstance(name.value, ast.Name)
        and name.value.id == "httpx"
        and name.attr in MAKES_A_CLIENT
    ]


def test_no_other_place_of_the_product_makes_an_http_client() -> None:
    """Only what carries no secret has its own: the demo's scripted people, and whoever asks Prefect as a stranger."""
    files = [file for part in PRODUCT for file in (ROOT / part).rglob("*.py") if file not in (PLACE, STRANGER)]
    made = [found for file in files if "demo" not in file.parts for found in _clients_made_in(file)]
    assert made == []
    assert _clients_made_in(PLACE)
