"""OAuth 2.0 and OpenID Connect with Xero. Each module is named after the rule it implements."""

from xpm.xero.oauth.authorisation import AuthorisationRequest
from xpm.xero.oauth.callback import ExpectedCallback
from xpm.xero.oauth.client import Grant, LoginClient, OAuthClient
from xpm.xero.oauth.identity import Identity, IssuedIdentity

__all__ = [
    "AuthorisationRequest",
    "ExpectedCallback",
    "Grant",
    "Identity",
    "IssuedIdentity",
    "LoginClient",
    "OAuthClient",
]
