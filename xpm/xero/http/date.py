"""Xero's time, from the `Date` header of its answers."""

from datetime import datetime

import httpx

from xpm.xero.http.answers import server_time

TIMEOUT = 5.0  # seconds


def ask_time(http: httpx.Client, url: str) -> datetime | None:
    """Ask an address of Xero's that needs no login for the time, aware UTC; None if it does not tell."""
    try:
        return server_time(http.get(url, timeout=TIMEOUT))
    except httpx.HTTPError:
        return None
