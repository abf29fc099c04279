"""The Xero app that this product is registered as: its credentials, scopes and Xero's URLs."""

from pydantic import BaseModel, ConfigDict, SecretStr

from xpm.xero.scopes import IDENTITY_SCOPES, scopes_to_ask_for


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

    scopes: tuple[str, ...] = scopes_to_ask_for(push=False)
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
