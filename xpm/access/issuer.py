"""Who says who somebody is: Sign in with Xero, another issuer of OpenID Connect, or nobody but our own links."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xpm.installation import Installation
from xpm.integration import Integration
from xpm.settings import LINKS_ONLY, is_protected, is_web_address
from xpm.words import stop
from xpm.xero.app import OAuthApp
from xpm.xero.oauth import LoginClient
from xpm.xero.scopes import IDENTITY_SCOPES

LASTS = timedelta(hours=1)
TIMEOUT = 10.0  # seconds; a person waits


class Discovered(BaseModel):
    """What an issuer says about itself (OpenID Connect Discovery 1.0 §3), as far as a login needs it."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: str = Field(max_length=2000)
    token_endpoint: str = Field(max_length=2000)
    jwks_uri: str = Field(max_length=2000)
    userinfo_endpoint: str | None = Field(None, max_length=2000)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Every address that is used."""
        asked = (self.authorization_endpoint, self.token_endpoint, self.jwks_uri, self.userinfo_endpoint)
        return tuple(one for one in asked if one is not None)


@dataclass(frozen=True)
class Issuer:
    """An issuer that people can log in with. `name` is what the login page calls it."""

    name: str
    client: LoginClient
    url: str
    is_xero: bool


def is_configured(installation: Installation) -> bool:
    """Whether somebody can log in without a link."""
    chosen = installation.settings.xpm_login_issuer
    return chosen != LINKS_ONLY and bool(chosen or installation.settings.xero_client_id)


def name_of(installation: Installation) -> str:
    """What the login page calls the issuer: Xero, or the host of its address."""
    chosen = installation.settings.xpm_login_issuer
    return httpx.URL(chosen).host if chosen and chosen != LINKS_ONLY else "Xero"


class Issuers:
    """The configured issuer, discovered when it is first needed and again every hour. Threads may share it."""

    def __init__(self, integration: Integration) -> None:
        self._integration = integration
        self._lock = threading.Lock()
        self._found: Issuer | None = None
        self._found_at: datetime | None = None

    def current(self) -> Issuer:
        """Return the issuer.

        Raises:
            Stopped: none is configured, or the issuer does not say where to log in.
        """
        with self._lock:
            now = self._integration.clock()
            if self._found is None or self._found_at is None or now - self._found_at >= LASTS:
                self._found, self._found_at = self._find(), now
            return self._found

    def _find(self) -> Issuer:
        if not is_configured(self._integration):
            raise stop("login.links_only")
        chosen = self._integration.settings.xpm_login_issuer
        app = _discovered(self._integration, chosen) if chosen else _at_xero(self._integration)
        client = LoginClient(app, self._integration.http, self._integration.clock)
        return Issuer(name_of(self._integration), client, app.issuer, is_xero=not chosen)


def _at_xero(integration: Integration) -> OAuthApp:
    return integration.app.for_login(integration.settings.login_redirect_uri)


def _discovered(integration: Integration, url: str) -> OAuthApp:
    settings = integration.settings
    found = _ask(integration.http, url)
    return OAuthApp(
        client_id=settings.xpm_login_client_id,
        client_secret=settings.xpm_login_client_secret,
        scopes=IDENTITY_SCOPES,
        redirect_uri=settings.login_redirect_uri,
        authorize_url=found.authorization_endpoint,
        token_url=found.token_endpoint,
        issuer=found.issuer,
        jwks_url=found.jwks_uri,
        userinfo_url=found.userinfo_endpoint,
    )


def _ask(http: httpx.Client, url: str) -> Discovered:
    """Ask an issuer about itself. It must name itself exactly as configured (OpenID Connect Discovery 1.0 §4.3)."""
    try:
        answer = http.get(f"{url.rstrip('/')}/.well-known/openid-configuration", timeout=TIMEOUT, auth=None)
        found = Discovered.model_validate_json(answer.raise_for_status().content)
    except (httpx.HTTPError, ValidationError):
        raise stop("login.issuer_silent", issuer=url) from None
    if found.issuer.rstrip("/") != url.rstrip("/"):
        raise stop("login.issuer_other", issuer=url)
    if not all(is_web_address(one) and is_protected(one) for one in found.endpoints):
        raise stop("login.issuer_silent", issuer=url)
    return found
