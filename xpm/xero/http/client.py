"""The one place that makes HTTP clients for Xero and whatever stands in for it: all of them carry tokens."""

import ssl
from functools import cache
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from xpm.xero.http.bounded import ACCEPTED, BoundedTransport


@cache
def trusted() -> ssl.SSLContext:
    """Return the certificates this process trusts. They are read once: that takes longer than many calls to Xero."""
    return httpx.create_ssl_context()


def open_client(*, trust_proxy: bool = False, auth: httpx.Auth | None = None) -> httpx.Client:
    """Open a client whose answers are bounded (`xpm.xero.http.bounds`).

    Variables such as HTTPS_PROXY are ignored unless `trust_proxy` is set: whatever sets them could otherwise lead
    tokens elsewhere. Redirects are not followed, and `.netrc` is not read.
    """
    way = _ByEnvironment() if trust_proxy else httpx.HTTPTransport(verify=trusted(), trust_env=False)
    headers = {"Accept-Encoding": ACCEPTED}
    return httpx.Client(transport=BoundedTransport(way), auth=auth, headers=headers, trust_env=False)


class _ByEnvironment(httpx.BaseTransport):
    """Sends each request through the proxy that the environment names for it, if any (HTTPS_PROXY, NO_PROXY …)."""

    def __init__(self) -> None:
        proxies = getproxies()
        proxies.pop("no", None)
        self._direct = httpx.HTTPTransport(verify=trusted(), trust_env=False)
        self._through = {
            scheme: httpx.HTTPTransport(verify=trusted(), trust_env=False, proxy=_with_scheme(proxy))
            for scheme, proxy in proxies.items()
            if scheme in {"http", "https", "all"}
        }

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request."""
        proxy = self._through.get(request.url.scheme) or self._through.get("all")
        way = self._direct if proxy is None or proxy_bypass(request.url.host) else proxy
        return way.handle_request(request)

    def close(self) -> None:
        """Close the connections to all proxies."""
        for way in (self._direct, *self._through.values()):
            way.close()


def _with_scheme(proxy: str) -> str:
    return proxy if urlsplit(proxy).netloc else f"http://{proxy}"
