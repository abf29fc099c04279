"""A person's browser, driven by a program: signs in, chooses accounts, and allows or cancels a consent."""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from functools import cache
from html import unescape
from typing import Literal
from urllib.parse import urljoin

import httpx

_FIELD = re.compile(r'name="transaction" value="([^"]*)"')
_DECISION = re.compile(r'name="decision" value="allow"')
_TENANT = re.compile(r'name="tenant" value="([^"]*)"')


class ConsentStopped(Exception):
    """Xero showed a page instead of redirecting back to the app; `page` is its HTML."""

    def __init__(self, page: str) -> None:
        super().__init__("The consent stopped at a page of Xero.")
        self.page = page


def answer_consent(
    authorize_url: str,
    email: str,
    password: str = "practice",  # noqa: S107 - the sandbox's home page shows it
    *,
    tenants: Sequence[str] | None = None,
    decision: Literal["allow", "cancel"] = "allow",
) -> str:
    """Complete the consent that starts at `authorize_url` and return the callback URL, without requesting it.

    Args:
        tenants: tenant ids to tick; None ticks the first one offered. A sign-in offers none.

    Raises:
        ConsentStopped: an error page, a wrong password, or no account to connect.
    """
    with httpx.Client(verify=_trusted(), follow_redirects=True, trust_env=False) as browser:
        page = browser.get(authorize_url)
        login = {"transaction": _transaction(page), "email": email, "password": password}
        page = browser.post(urljoin(authorize_url, "/identity/login"), data=login)
        if decision == "allow" and not _DECISION.search(page.text):
            raise ConsentStopped(page.text)
        ticked = list(tenants) if tenants is not None else _TENANT.findall(page.text)[:1]
        form = {"transaction": _transaction(page), "decision": decision, "tenant": ticked}
        answer = browser.post(urljoin(authorize_url, "/identity/consent"), data=form, follow_redirects=False)
        if not answer.is_redirect:
            raise ConsentStopped(answer.text)
        return answer.headers["Location"]


@cache
def _trusted() -> ssl.SSLContext:
    """Load the CA certificates once: loading them takes longer than the whole consent."""
    return httpx.create_ssl_context()


def _transaction(page: httpx.Response) -> str:
    found = _FIELD.search(page.text)
    if page.status_code != httpx.codes.OK or found is None:
        raise ConsentStopped(page.text)
    return unescape(found.group(1))
