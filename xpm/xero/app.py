"""The Xero app this product presents itself as: its credentials, its scopes and where Xero listens."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, SecretStr

DEFAULT_SCOPES = ("openid", "profile", "email", "offline_access", "practicemanager")
"""Identity, a refresh token, and XPM by the broad scope, which is the only one that covers custom-field definitions and
job categories for certain (the granular scopes name neither)."""

_AREAS = ("client", "job", "staff")
_EVERY_AREA = {"practicemanager", "practicemanager.read"}


class XeroApp(BaseModel):
    """One registered Xero app. The addresses default to Xero's own; a sandbox or a test gives others.

    Without a `client_secret` it is a PKCE app, which names itself by `client_id` in the request body (RFC 7636).
    """

    model_config = ConfigDict(frozen=True)

    client_id: str
    client_secret: SecretStr | None = None
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    redirect_uri: str
    authorize_url: str = "https://login.xero.com/identity/connect/authorize"
    token_url: str = "https://identity.xero.com/connect/token"  # noqa: S105  an address, not a secret
    revocation_url: str = "https://identity.xero.com/connect/revocation"
    connections_url: str = "https://api.xero.com/connections"
    xpm_url: str = "https://api.xero.com/practicemanager/3.1/"
    tax_url: str | None = None  # Xero publishes no end-point for tax returns
    issuer: str = "https://identity.xero.com"
    jwks_url: str = "https://identity.xero.com/.well-known/openid-configuration/jwks"


def missing_scopes(granted: Iterable[str]) -> frozenset[str]:
    """The scopes that the syncs need and `granted` does not cover, by their narrowest names.

    A broad scope covers every area, and a scope for writing covers reading. `openid` says whose consent it is;
    `offline_access` gives the refresh token without which a connection would live for 30 minutes.
    """
    held = frozenset(granted)
    missing = {"openid", "offline_access"} - held
    if not held & _EVERY_AREA:
        missing |= {f"practicemanager.{area}.read" for area in _AREAS if not held & _scopes_of(area)}
    return frozenset(missing)


def _scopes_of(area: str) -> set[str]:
    return {f"practicemanager.{area}", f"practicemanager.{area}.read"}
