"""Whether Prefect answers strangers: somebody without its password, also through a foreign name or a foreign page.

Whoever may use Prefect's API can run code on the worker, and so can read the keys (docs/prefect-access.md).
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress

import httpx

from xpm.words import Message, message

TIMEOUT = 5.0  # seconds for each question
FOREIGN = "attacker.example"
PAGE = {"Origin": f"https://{FOREIGN}"}

WAYS: Mapping[str, Mapping[str, str]] = {
    "to anybody who asks": {},
    "under another host name (DNS rebinding)": {"Host": FOREIGN},
    "to a page of another website": PAGE,
}
"""How strangers ask, each with the headers they send. A password does not help if one of them needs none."""


def answered(api: str) -> Iterator[Message]:
    """Ask the API at this address as strangers do, and yield what it should not have answered.

    An API that cannot be reached answers nobody; that is for others to report.
    """
    with suppress(httpx.TransportError, httpx.InvalidURL), httpx.Client(timeout=TIMEOUT) as http:
        ways = [way for way, headers in WAYS.items() if http.get(f"{api}/admin/version", headers=headers).is_success]
        if ways:
            yield message("operator.prefect_open", ways="; ".join(ways))
        if _lets_pages_in(http, api):
            yield message("operator.prefect_open_to_pages")


def _lets_pages_in(http: httpx.Client, api: str) -> bool:
    """Whether a browser would let a page of another website deploy something (CORS preflight, Fetch §4.8)."""
    asked = {**PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    allowed = http.options(f"{api}/deployments/", headers=asked).headers.get("Access-Control-Allow-Origin")
    return allowed in {"*", PAGE["Origin"]}
