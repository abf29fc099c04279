"""The requests to XPM for one tenant."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from xpm.xero.app import XeroApp
from xpm.xero.endpoints import Endpoint
from xpm.xero.http.bounds import EXTENSION, LONG_LIST, PAGE
from xpm.xero.http.calls import TIMEOUT
from xpm.xero.writes import Write

_WRITE_TIMEOUT = httpx.Timeout(30.0, connect=10.0, read=120.0)  # seconds; after that, somebody has to look it up


class TenantRequests:
    """Builds the requests to one tenant's XPM. `http` signs and sends them."""

    def __init__(self, http: httpx.Client, app: XeroApp, tenant_id: str) -> None:
        self._http = http
        self._base = app.xpm_url.rstrip("/")
        self._headers = {"Accept": "application/xml", "xero-tenant-id": tenant_id}

    def reading(self, endpoint: Endpoint[Any], key: str = "", params: Mapping[str, str] | None = None) -> httpx.Request:
        """Return the request for a list, or for what the key names."""
        return self._http.build_request(
            "GET",
            self._url(endpoint.path, key),
            params=params or {},
            headers=self._headers,
            timeout=TIMEOUT,
            extensions={EXTENSION: LONG_LIST},
        )

    def writing(self, write: Write) -> httpx.Request:
        """Return the request that writes."""
        return self._http.build_request(
            write.endpoint.method,
            self._url(write.endpoint.path, write.key),
            content=write.body,
            headers=self._headers | {"Content-Type": "application/xml"},
            timeout=_WRITE_TIMEOUT,
            extensions={EXTENSION: PAGE},
        )

    def _url(self, path: str, key: str) -> str:
        return f"{self._base}/{path.format(key=quote(key, safe=''))}"
