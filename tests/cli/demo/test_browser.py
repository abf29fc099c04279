"""The scripted administrator's browser follows links and sends forms as a person's browser does."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest

from cli.demo.browser import Browser, FormMissing, PageRefused

pytestmark = pytest.mark.deep

FORM = """<h1>Choose an account</h1>
<a href="/help">Help</a> <a href="connect/7">Log in to Xero</a>
<form method="post" action="/search"><input name="q"></form>
<form method="post" action="/account?run=7">
  <input type="hidden" name="guard" value="k&amp;3">
  <input type="radio" name="account" value="Harbour &amp; Vale · 2d41">
  <input type="radio" name="account" value="Coastal">
  <button>Choose</button>
</form>"""


class Site(HTTPServer):
    """A site with forms, which records what was sent to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Pages)
        self.sent: list[tuple[str, str | None, dict[str, list[str]]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Pages(BaseHTTPRequestHandler):
    """The pages of the site."""

    server: Site

    def do_GET(self) -> None:
        match self.path:
            case "/runs/form":
                self._answer(200, FORM)
            case "/start":
                self._answer(303, "", location="/runs/form")
            case "/leave":
                self._answer(302, "", location="http://elsewhere.example/oauth/callback?code=1&state=2")
            case "/broken":
                self._answer(503, "<h1>Xero is being maintained</h1>")
            case "/remembers":
                self._answer(200, f"<h1>{self.headers.get('Cookie')}</h1>")
            case _:
                self._answer(200, "")

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.sent.append((self.path, self.headers.get("Origin"), sent))
        self._answer(303, "", location="/remembers", cookie="chosen=yes; Path=/")

    def _answer(self, status: int, page: str, *, location: str | None = None, cookie: str | None = None) -> None:
        self.send_response(status)
        for name, value in (("Location", location), ("Set-Cookie", cookie)):
            if value:
                self.send_header(name, value)
        body = page.encode()
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name it has there
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        yield site
        site.shutdown()
        thread.join()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


def test_a_form_is_sent_with_its_hidden_fields_and_its_pages_origin(site: Site, browser: Browser) -> None:
    browser.open(f"{site.url}/runs/form")

    browser.submit("/account", {"account": browser.options("account")[0]})

    sent = {"guard": ["k&3"], "account": ["Harbour & Vale · 2d41"]}
    assert site.sent == [("/account?run=7", site.url, sent)]


def test_all_boxes_with_one_name_are_sent(site: Site, browser: Browser) -> None:
    browser.open(f"{site.url}/runs/form")

    browser.submit("/account", {"account": browser.options("account")})

    assert site.sent[0][2]["account"] == ["Harbour & Vale · 2d41", "Coastal"]


def test_redirects_are_followed_and_cookies_kept(site: Site, browser: Browser) -> None:
    browser.open(f"{site.url}/start")
    assert browser.url == f"{site.url}/runs/form"

    browser.submit("/account", {})

    assert browser.url == f"{site.url}/remembers"
    with pytest.raises(FormMissing, match="chosen=yes"):
        browser.submit("/account", {})


def test_a_redirect_to_the_stop_address_is_not_followed(site: Site) -> None:
    with Browser(stop_at="http://elsewhere.example/oauth/callback") as browser:
        browser.open(f"{site.url}/leave")

        assert browser.url == "http://elsewhere.example/oauth/callback?code=1&state=2"


def test_a_missing_form_is_reported_with_its_page(site: Site, browser: Browser) -> None:
    browser.open(f"{site.url}/runs/form")

    assert not browser.has_form("/identity/login")
    with pytest.raises(FormMissing, match="/identity/login on a page called “Choose an account”"):
        browser.submit("/identity/login", {})


def test_links_are_found_by_their_target_and_made_absolute(site: Site, browser: Browser) -> None:
    browser.open(f"{site.url}/runs/form")

    assert browser.link("connect/") == f"{site.url}/runs/connect/7"
    assert browser.link("/nowhere") is None


def test_an_error_page_is_reported_with_its_headline(site: Site, browser: Browser) -> None:
    with pytest.raises(PageRefused, match="answered 503: Xero is being maintained"):
        browser.open(f"{site.url}/broken")


def test_an_empty_page_has_nothing_on_it(site: Site, browser: Browser) -> None:
    browser.open(f"{site.url}/empty")

    assert not browser.has_form("/account")
    assert browser.link("/") is None
    assert browser.options("account") == []
