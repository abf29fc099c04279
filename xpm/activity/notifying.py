"""Posts a piece of news to a webhook.

At many services the address itself is the password, so neither an error nor a log names it.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
from pydantic import SecretStr

from xpm.xero.http.client import open_client

PATIENCE = 10.0  # seconds
MAY_PASS = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS})


class NotifyingFailed(Exception):
    """Nobody took the news. The message says why, without an address or a password."""

    def __init__(self, reason: str, *, may_pass: bool) -> None:
        super().__init__(reason)
        self.reason, self.may_pass = reason, may_pass


def notify(url: SecretStr, body: Mapping[str, str], *, trust_proxy: bool = False) -> None:
    """Post a piece of news as JSON. Chat services show its `text` as the message, and ignore the rest.

    What the webhook says is not read. Proxies that the environment names are used if `trust_proxy` is set.

    Raises:
        NotifyingFailed: nothing answered, or not with a success (RFC 9110 §15.3); `may_pass` if a retry may help.
    """
    with _unlogged("httpx"), open_client(trust_proxy=trust_proxy) as http:
        try:
            with http.stream("POST", url.get_secret_value(), json=dict(body), timeout=PATIENCE) as answer:
                status = answer.status_code
        except httpx.HTTPError as error:
            raise NotifyingFailed(type(error).__name__, may_pass=True) from None
    if not httpx.codes.is_success(status):
        raise NotifyingFailed(f"status {status}", may_pass=status in MAY_PASS or httpx.codes.is_server_error(status))


@contextmanager
def _unlogged(name: str) -> Iterator[None]:
    """Keep a logger quiet: httpx logs the address of each request."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
