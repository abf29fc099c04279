"""An app for the tests: connects to the sandbox over real HTTP, holds tokens, and calls Xero's APIs."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import httpx

from sandbox.browser import answer_consent
from sandbox.server import SandboxServer
from sandbox.world import CLIENT_ID, CLIENT_SECRET, HARBOUR_VALE, MERE, REDIRECT_URI

VERIFIER = "a-verifier-of-43-characters-or-more_0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SCOPES = "openid profile email offline_access practicemanager"
BASIC = (CLIENT_ID, CLIENT_SECRET)


def authorize_url(base: str, **changes: str | None) -> str:
    """Build a complete authorize URL. A change of None omits the parameter."""
    asked: dict[str, str | None] = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "scope": SCOPES,
        "state": "state & more",
        "nonce": "n-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    kept = {name: value for name, value in (asked | changes).items() if value is not None}
    return str(httpx.URL(f"{base}/identity/connect/authorize", params=kept))


def answer_of(callback: str) -> dict[str, str]:
    """Return the parameters of a callback URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(callback).query).items()}


class XeroApp:
    """An app that a person connects to tenants."""

    def __init__(self, server: SandboxServer, email: str = MERE, tenants: Sequence[str] = (HARBOUR_VALE,)) -> None:
        self.server, self.email, self.tenants = server, email, tenants
        self.http = httpx.Client(base_url=server.url, trust_env=False)
        self.tokens: dict[str, Any] = {}

    def code(self, **changes: str | None) -> str:
        """Complete a consent and return the code."""
        callback = answer_consent(authorize_url(self.server.url, **changes), self.email, tenants=self.tenants)
        return answer_of(callback)["code"]

    def connect(self, **changes: str | None) -> "XeroApp":
        """Complete a consent, fetch tokens and keep them."""
        self.keep(self.exchange(self.code(**changes)))
        return self

    def exchange(self, code: str, /, **changes: str) -> httpx.Response:
        """Exchange a code for tokens."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
        }
        return self.http.post("/connect/token", data=form | changes, auth=BASIC)

    def refresh(self, token: str | None = None) -> httpx.Response:
        """Refresh with the given token, or with the newest."""
        form = {"grant_type": "refresh_token", "refresh_token": token or self.tokens["refresh_token"]}
        return self.http.post("/connect/token", data=form, auth=BASIC)

    def keep(self, answer: httpx.Response) -> None:
        """Keep the tokens of a successful token answer."""
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()

    def get(self, path: str, tenant: str | None = HARBOUR_VALE, **query: str | int) -> httpx.Response:
        """Call an API with the access token."""
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        if tenant is not None:
            headers["xero-tenant-id"] = tenant
        return self.http.get(path, headers=headers, params=query)

    def send(self, verb: str, path: str, body: str | bytes = "", tenant: str = HARBOUR_VALE) -> httpx.Response:
        """Write to XPM 3.1."""
        headers = {
            "Authorization": f"Bearer {self.tokens['access_token']}",
            "xero-tenant-id": tenant,
            "Content-Type": "application/xml",
        }
        return self.http.request(verb, f"/practicemanager/3.1/{path}", headers=headers, content=body)

    def written(self, verb: str, path: str, body: str = "") -> ET.Element:
        """Write to XPM, expect status 200 and `Status` OK, and return the `Response` element."""
        answer = self.send(verb, path, body)
        assert answer.status_code == 200, answer.text
        root = ET.fromstring(answer.content)  # noqa: S314 - the sandbox's own XML
        assert root.findtext("Status") == "OK", answer.text
        return root

    def refusal(self, verb: str, path: str, body: str = "") -> str:
        """Write to XPM, expect status 200 and `Status` ERROR, and return the ErrorDescription."""
        answer = self.send(verb, path, body)
        assert answer.status_code == 200, answer.text
        root = ET.fromstring(answer.content)  # noqa: S314 - the sandbox's own XML
        assert root.findtext("Status") == "ERROR", answer.text
        return root.findtext("ErrorDescription") or ""

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the journal of writes."""
        writes: list[dict[str, Any]] = self.control("GET", f"journal?since={since}").json()
        return writes

    def xpm(self, path: str, tenant: str | None = HARBOUR_VALE, **query: str | int) -> httpx.Response:
        """Call XPM 3.1."""
        return self.get(f"/practicemanager/3.1/{path}", tenant, **query)

    def xml(self, path: str, tenant: str | None = HARBOUR_VALE, **query: str | int) -> ET.Element:
        """Call XPM, expect status 200 and return the `Response` element."""
        answer = self.xpm(path, tenant, **query)
        assert answer.status_code == 200, answer.text
        return ET.fromstring(answer.content)  # noqa: S314 - the sandbox's own XML

    def items(self, path: str, tag: str, tenant: str | None = HARBOUR_VALE, **query: str | int) -> list[ET.Element]:
        """Return the records of a list: the elements `tag` in the response's container."""
        root = self.xml(path, tenant, **query)
        assert root.findtext("Status") == "OK"
        return root.findall(f"./*/{tag}")

    def control(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Call the control API; an error fails the test."""
        answer = self.http.request(method, f"/sandbox/{path}", json=body)
        assert answer.is_success, answer.text
        return answer

    def truth(self, entity: str, tenant: str = HARBOUR_VALE) -> list[dict[str, Any]]:
        """Return the ground truth: the records as the account holds them."""
        records: list[dict[str, Any]] = self.control("GET", f"tenants/{tenant}/records/{entity}").json()
        return records

    def inject(self, **fault: object) -> dict[str, Any]:
        """Inject a fault."""
        shown: dict[str, Any] = self.control("POST", "faults", fault).json()
        return shown


def read(element: ET.Element) -> Any:  # noqa: ANN401 - text, record or list, as the XML has it
    """Turn an element into plain data: text, a record, or a list for a known container.

    The rule is written here again, so that the product's parser is not tested against itself.
    """
    children = list(element)
    if not children:
        return element.text or None
    if element.tag in {
        "Contacts",
        "Notes",
        "Groups",
        "Clients",
        "Relationships",
        "Assigned",
        "Tasks",
        "Milestones",
        "Comments",
    }:
        return [read(child) for child in children]
    return {child.tag: read(child) for child in children}


def without_blanks(value: Any) -> Any:  # noqa: ANN401 - walks records
    """Drop empty values, since an absent element, `<X/>` and `<X></X>` mean the same."""
    if isinstance(value, list):
        return [without_blanks(item) for item in value]
    if isinstance(value, dict):
        kept = {name: without_blanks(part) for name, part in value.items()}
        return {name: part for name, part in kept.items() if part not in (None, "", [], {})}
    return value
