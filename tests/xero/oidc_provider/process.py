"""Runs oidc-provider on a free port, and signs people in there with an HTTP client instead of a browser."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import IO
from urllib.parse import urljoin

import httpx

from tests.xero.oidc_provider.npm_package import installed, node

SERVER = Path(__file__).with_name("server.mjs")
CONFIDENTIAL, SECRET = "fyi-xpm", "a-secret-of-the-tests-that-is-long-enough"
PUBLIC = "fyi-xpm-public"
CLIENTS = (
    {"client_id": CONFIDENTIAL, "client_secret": SECRET, "token_endpoint_auth_method": "client_secret_basic"},
    {"client_id": PUBLIC, "token_endpoint_auth_method": "none"},
)
MERE = {
    "xero_userid": "8d1f7a5e-6b0c-4f2e-9a55-0c1d2e3f4a5b",
    "email": "mere.tane@harbourvale.example",
    "email_verified": True,
    "given_name": "Mere",
    "family_name": "Tāne",
}
UNVERIFIED = MERE | {"xero_userid": "1a2b3c4d-0000-4000-8000-000000000001", "email_verified": False}
PEOPLE = {"mere": MERE, "mallory": UNVERIFIED}
"""Who can sign in, by login; each login is also the `sub`. Mallory has Mere's address, which nobody verified."""

_FORM = re.compile(r'<form[^>]* action="([^"]+)"')
_PROMPT = re.compile(r'name="prompt" value="([^"]+)"')


class SignInStopped(Exception):
    """The identity server showed an error instead of sending the person back."""


@dataclass(frozen=True)
class IdentityProvider:
    """A running identity server. `addresses` are named as the fields of our app's model."""

    issuer: str
    addresses: Mapping[str, str] = field(repr=False)

    def rotate_keys(self) -> None:
        """Replace the signing key; the old one is gone from the key set."""
        httpx.post(f"{self.issuer}/rotate-keys", timeout=10).raise_for_status()

    def sign_in(self, authorize_url: str, login: str = "mere", *, allow: bool = True) -> httpx.URL:
        """Sign in and allow or cancel; return where the server sends the browser, without going there."""
        with httpx.Client(timeout=10, trust_env=False) as browser:
            answer = browser.get(authorize_url)
            while True:
                if answer.is_redirect:
                    address = urljoin(str(answer.url), answer.headers["location"])
                    if not address.startswith(self.issuer):
                        return httpx.URL(address)
                    answer = browser.get(address)
                elif not allow and "/interaction/" in answer.url.path:
                    answer = browser.get(f"{answer.url}/abort")
                else:
                    address, form = _filled_in(answer, login)
                    answer = browser.post(address, data=form)


def _filled_in(page: httpx.Response, login: str) -> tuple[str, dict[str, str]]:
    """Return where the form of this page goes, and its fields."""
    form, prompt = _FORM.search(page.text), _PROMPT.search(page.text)
    if page.status_code != httpx.codes.OK or form is None or prompt is None:
        raise SignInStopped(page.text)
    return urljoin(str(page.url), unescape(form[1])), {"prompt": prompt[1], "login": login, "password": "any"}


@contextmanager
def oidc_provider(*, conforms: bool = False) -> Iterator[IdentityProvider]:
    """Run the identity server until the block ends. `conforms`: claims about a person are in UserInfo alone (§5.4)."""
    settings = json.dumps({"clients": CLIENTS, "people": PEOPLE, "conforms": conforms})
    command = [str(node()), str(SERVER), str(installed()), settings]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            issuer = _first_line(server.stdout)
            yield IdentityProvider(issuer, _addresses(issuer))
        finally:
            server.kill()


def _first_line(stdout: IO[str] | None) -> str:
    line = stdout.readline().strip() if stdout else ""
    if not line.startswith("http"):
        raise RuntimeError("The identity server did not start; its errors are above.")
    return line


def _addresses(issuer: str) -> dict[str, str]:
    """Read the addresses from the discovery document (OpenID Connect Discovery §4)."""
    said = httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=10).raise_for_status().json()
    return {
        "issuer": said["issuer"],
        "authorize_url": said["authorization_endpoint"],
        "token_url": said["token_endpoint"],
        "revocation_url": said["revocation_endpoint"],
        "jwks_url": said["jwks_uri"],
    }
