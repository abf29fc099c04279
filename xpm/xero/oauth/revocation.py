"""Token revocation (RFC 7009). At Xero it also removes all the person's connections to this app."""

from http import HTTPStatus

import httpx
from pydantic import SecretStr

from xpm.xero.app import XeroApp
from xpm.xero.oauth.authlib_parts import revocation_body
from xpm.xero.oauth.token import post, refusal_of

_LABEL = "oauth.revocation"


def revoke(http: httpx.Client, app: XeroApp, refresh_token: SecretStr) -> None:
    """Revoke a refresh token and the access tokens it gave (§2.1).

    Revoking a dead token succeeds (§2.2), so a repeat is harmless. Raises `MisconfiguredApp`, `AnswerLost` or
    `XeroUnavailable`.
    """
    response = post(http, app, app.revocation_url, revocation_body(refresh_token.get_secret_value()), _LABEL)
    if response.status_code != HTTPStatus.OK:
        raise refusal_of(response, _LABEL)
