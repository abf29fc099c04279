"""What a hostile server is called with: the product's own clients, over real TCP."""

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import SecretStr

from tests.xero.fakes import APP, FakeClock, FakeKeeper, OpenBudget, token_set
from tests.xero.hostile_server import hostile
from xpm.xero import endpoints
from xpm.xero.api import XpmApi
from xpm.xero.app import XeroApp
from xpm.xero.auth import XeroAuth
from xpm.xero.connections import ConnectionsApi
from xpm.xero.http.client import open_client
from xpm.xero.oauth import OAuthClient
from xpm.xero.oauth.keys import SigningKeys
from xpm.xero.records import PartlyRead, Unreadable
from xpm.xero.tax import TaxFeed

Body = bytes | Callable[[], Iterable[bytes]]
Found = list[object]
"""Records as they were read."""


def _app_at(url: str) -> XeroApp:
    names = ("token_url", "jwks_url", "connections_url", "xpm_url", "tax_url")
    return APP.model_copy(update={name: f"{url}/{name}" for name in names})


def staff_from(body: Body) -> Found:
    """Read the list of staff, all of it."""
    clock = FakeClock()
    with hostile(body) as server, open_client() as http:
        api = XpmApi(http, _app_at(server.url), "tenant", OpenBudget(clock), sleep=clock.sleep, clock=clock)
        return list(api.list(endpoints.STAFF))


def returns_from(body: Body) -> Found:
    """Read the feed of tax returns, all pages."""
    clock = FakeClock()
    with hostile(body) as server, open_client() as http:
        url = f"{server.url}/returns"
        return list(TaxFeed(http, url, "tenant", OpenBudget(clock), sleep=clock.sleep, clock=clock).returns().each())


def connections_from(body: Body) -> Found:
    """List the connections, with a token that is renewed when it is refused."""
    clock = FakeClock()
    auth = XeroAuth(FakeKeeper(token_set("first")), clock)
    with hostile(body) as server, open_client(auth=auth) as http:
        return list(ConnectionsApi(http, _app_at(server.url), clock).all())


def tokens_from(body: Body) -> Found:
    """Refresh tokens."""
    with hostile(body) as server, open_client() as http:
        return [OAuthClient(_app_at(server.url), http, FakeClock()).refresh(SecretStr("refresh-token-value"))]


def keys_from(body: Body) -> Found:
    """Fetch the signing keys."""
    with hostile(body) as server, open_client() as http:
        return list(SigningKeys(http, _app_at(server.url), FakeClock()).current().keys)


def set_aside(found: Found) -> list[Unreadable | PartlyRead[Any]]:
    """Return those records that could not be read, at least not in full."""
    return [record for record in found if isinstance(record, Unreadable | PartlyRead)]
