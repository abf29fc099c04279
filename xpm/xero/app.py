"""The Xero app that this product is registered as: its credentials, scopes and Xero's URLs."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, SecretStr

DEFAULT_SCOPES = ("openid", "profile", "email", "offline_access", "practicemanager")
"""Identity, a refresh token, and XPM by the broad scope. Only the broad scope is certain to cover custom-field
definitions and job categories: the granular scopes mention neither."""

IDENTITY_SCOPES = ("openid", "profile", "email")
"""What a login asks for: who the person is, and nothing else."""

_AREAS = ("client", "job", "staff")
_EVERY_AREA = {"practicemanager", "practicemanager.read"}


class OAuthApp(BaseModel):
    """A client registered at an issuer of OpenID Connect: Xero, or whoever logs people in to the console.

    Without a `client_secret` it is a PKCE app (RFC 7636), which sends its `client_id` in the request body.
    """

    model_config = ConfigDict(frozen=True)

    client_id: str
    client_secret: SecretStr | None = None
    scopes: tuple[str, ...]
    redirect_uri: str
    authorize_url: str
    token_url: str
    issuer: str
    jwks_url: str
    userinfo_url: str | None = None


class XeroApp(OAuthApp):
    """A registered Xero app. The URLs default to Xero's own; the sandbox and tests set others."""

    scopes: tuple[str, ...] = DEFAULT_SCOPES
    authorize_url: str = "https://login.xero.com/identity/connect/authorize"
    token_url: str = "https://identity.xero.com/connect/token"  # noqa: S105  a URL, not a secret
    revocation_url: str = "https://identity.xero.com/connect/revocation"
    connections_url: str = "https://api.xero.com/connections"
    xpm_url: str = "https://api.xero.com/practicemanager/3.1/"
    tax_url: str | None = None  # Xero publishes no endpoint for tax returns
    issuer: str = "https://identity.xero.com"
    jwks_url: str = "https://identity.xero.com/.well-known/openid-configuration/jwks"

    def for_login(self, redirect_uri: str) -> OAuthApp:
        """The same app when it only asks who somebody is: identity scopes, and another way back."""
        return OAuthApp.model_validate(
            {name: getattr(self, name) for name in OAuthApp.model_fields}
            | {"scopes": IDENTITY_SCOPES, "redirect_uri": redirect_uri}
        )


def missing_scopes(granted: Iterable[str]) -> frozenset[str]:
    """Return the scopes that syncs need and `granted` does not cover, by their narrowest names.

    A broad scope covers every area, and a write scope covers reading. `openid` tells who consented. `offline_access`
    gives the refresh token; without it a connection would last 30 minutes.
    """
    held = frozenset(granted)
    missing = {"openid", "offline_access"} - held
    if not held & _EVERY_AREA:
        missing |= {f"practicemanager.{area}.read" for area in _AREAS if not held & _scopes_of(area)}
    return frozenset(missing)


def _scopes_of(area: str) -> set[str]:
    return {f"practicemanager.{area}", f"practicemanager.{area}.read"}
