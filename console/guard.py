"""Checks every request before a page sees it, and sets the headers of every answer.

The guard keeps out other people's web pages that make an administrator's browser act here (cross-site request forgery,
DNS rebinding, framing), and forms that are too long or too slow. Who may do what is the gate's question.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = frozenset({"GET", "HEAD"})
FORM_WITHIN = 15.0  # seconds
LONGEST_FORM = 64 * 1024  # bytes; the console's largest form has a few hundred
API_PATH = "/api/"
FOREIGN_FORM = "This form was not sent by a page of the console. Open the page again and send it from there."
FIXED_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
HTTPS_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}
"""A browser that was here over https never comes back without it (RFC 6797)."""
ORDINARY_HEADERS = {
    # No other website learns the address of a page, which may hold a code, a state or a login link's token. Stricter is
    # no use: under "no-referrer" a browser sends "Origin: null" with the page's own forms (Fetch, "append a request
    # Origin header"), which looks the same as a foreign form, so that no button would work, not even Log out.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Refuses foreign forms, and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, console_url: str) -> None:
        self._app = app
        self._console = origin_of(console_url)
        self._headers = FIXED_HEADERS | (HTTPS_HEADERS if console_url.startswith("https://") else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if refusal := self._refusal(scope, headers):
            await refusal(scope, receive, _with_headers(send, self._headers))
        else:
            await self._app(scope, _not_for_ever(receive), _with_headers(send, self._headers))

    def _refusal(self, scope: Scope, headers: Headers) -> PlainTextResponse | None:
        """Refuse a form. A call of the API is none: its gate asks for a token, which no browser sends by itself."""
        if scope["method"] in SAFE_METHODS or scope["path"].startswith(API_PATH):
            return None
        if not self._is_same_origin(headers, f"{scope['scheme']}://{headers.get('host', '')}"):
            return PlainTextResponse(FOREIGN_FORM, 403)
        if not is_short(headers, LONGEST_FORM):
            return PlainTextResponse("This form is too long.", 413)
        return None

    def _is_same_origin(self, headers: Headers, own: str) -> bool:
        """Whether a form comes from the console. Browsers say so; a program must send `Origin: <console URL>`."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if site is not None and site != "same-origin":
            return False
        return origin in {self._console, own} if origin is not None else site is not None


def origin_of(url: str) -> str:
    """Return the origin of a URL: scheme, host and port, as in RFC 6454 §6.2."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def own_hosts(console_url: str) -> list[str]:
    """The hosts that the console answers under: its own, and this machine's.

    Another name that points here is how DNS rebinding reaches a local server (Starlette's `TrustedHostMiddleware`).
    """
    own = urlsplit(console_url).hostname or ""
    return [f"[{own}]" if ":" in own else own, "localhost", "127.0.0.1", "[::1]"]


def is_short(headers: Headers, longest: int) -> bool:
    """Whether a body says that it is short, and nothing lets it be longer than it says (RFC 9112 §6.3)."""
    if "transfer-encoding" in headers:
        return False
    length = headers.get("content-length", "")
    return length.isdecimal() and int(length) <= longest


def _not_for_ever(receive: Receive) -> Receive:
    """End a request whose form has not arrived `FORM_WITHIN` seconds after its headers, as if the sender had gone."""
    due = anyio.current_time() + FORM_WITHIN
    is_whole = False

    async def receiving() -> Message:
        nonlocal is_whole
        if is_whole:  # what comes now is that the reader of an answer goes away
            return await receive()
        with anyio.move_on_at(due):
            received = await receive()
            is_whole = not received.get("more_body", False)
            return received
        return {"type": "http.disconnect"}

    return receiving


def _with_headers(send: Send, fixed: Mapping[str, str]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(fixed)
            for name, value in ORDINARY_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
