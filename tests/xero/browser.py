"""An administrator's browser, reduced to what the consent pages need."""

import re
from urllib.parse import parse_qsl

import httpx

from sandbox.world import PASSWORD

_TRANSACTION = re.compile(r'name="transaction" value="([^"]+)"')


def consent(url: str, email: str, *, tenants: tuple[str, ...] = (), allow: bool = True) -> dict[str, str]:
    """Log in, tick the accounts, allow or cancel, and return the callback's parameters."""
    server = httpx.URL(url).copy_with(path="/", query=None)
    with httpx.Client(follow_redirects=True, base_url=server) as browser:
        transaction = _TRANSACTION.findall(browser.get(url).text)[0]
        browser.post("/identity/login", data={"transaction": transaction, "email": email, "password": PASSWORD})
        decision = {"transaction": transaction, "decision": "allow" if allow else "cancel", "tenant": list(tenants)}
        answer = browser.post("/identity/consent", data=decision, follow_redirects=False)
    return dict(parse_qsl(httpx.URL(answer.headers["location"]).query.decode()))
