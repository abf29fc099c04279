"""A small browser for the scripted administrator: cookies, redirects, and forms filled in by field name."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from urllib.parse import urljoin

import httpx
from lxml import html

Fields = Mapping[str, str | Sequence[str]]


class FormMissing(Exception):
    """The page lacks the form to fill in. The message names the page's headline."""


class PageRefused(Exception):
    """The page is an error page. The message is its text."""


class Browser:
    """Holds the current page. A redirect to an address that starts with `stop_at` is not followed."""

    def __init__(self, stop_at: str | None = None) -> None:
        self._http = httpx.Client(timeout=30)
        self._stop_at = stop_at
        self._page = html.document_fromstring("<p/>")
        self.url = ""

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def open(self, url: str) -> None:
        """Go to an address."""
        self._follow(self._http.get(url))

    def has_form(self, action: str) -> bool:
        """Whether the page has a form whose address contains `action`."""
        return self._form(action) is not None

    def link(self, target: str) -> str | None:
        """The address of the page's first link that contains `target`."""
        links = [str(link.get("href")) for link in self._page.iter("a")]
        return next((urljoin(self.url, link) for link in links if target in link), None)

    def options(self, field: str) -> list[str]:
        """The values of a choice."""
        return [str(box.get("value")) for box in self._page.iter("input") if box.get("name") == field]

    def submit(self, action: str, fields: Fields) -> None:
        """Fill in a form and send it, as a click on its button would.

        Raises:
            FormMissing: the page has no such form.
        """
        form = self._form(action)
        if form is None:
            raise FormMissing(f"{action} on a page called “{self._headline()}”")
        inputs = [field for field in form.iter("input") if field.get("type") == "hidden"]
        hidden = {str(field.get("name")): str(field.get("value")) for field in inputs}
        origin = str(httpx.URL(self.url).copy_with(raw_path=b"/")).rstrip("/")
        address = urljoin(self.url, str(form.get("action")))
        self._follow(self._http.post(address, data={**hidden, **fields}, headers={"Origin": origin}))

    def _form(self, action: str) -> html.HtmlElement | None:
        return next((form for form in self._page.iter("form") if action in str(form.get("action"))), None)

    def _headline(self) -> str:
        return str(self._page.findtext(".//h1") or self.url).strip()

    def _follow(self, response: httpx.Response) -> None:
        while response.has_redirect_location:
            self.url = urljoin(str(response.url), response.headers["location"])
            if self._stop_at and self.url.startswith(self._stop_at):
                return
            response = self._http.get(self.url)
        self.url = str(response.url)
        self._page = html.document_fromstring(response.text or "<p/>")
        if response.is_error:
            raise PageRefused(f"{self.url} answered {response.status_code}: {self._headline()}")
