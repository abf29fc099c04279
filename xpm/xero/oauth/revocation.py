"""Token revocation (RFC 7009). At Xero it also removes every connection of the person for this app."""

from http import HTTPStatus

import httpx
from pydantic import SecretStr

from xpm.xero.app import XeroApp
from xpm.xero.oauth.authlib_parts import revocation_body
from xpm.xero.oauth.token import post, refusal_of

_LABEL = "oauth.revocation"


def revoke(http: httpx.Client, app: XeroApp, refresh_token: SecretStr) -> None:
    """Revoke a refresh token and what hangs on it (§2.1).

    A token that is dead already is a success (§2.2), so this may be repeated. Raises `MisconfiguredApp`, `AnswerLost`
    or `XeroUnavailable`.
    """
    response = post(http, app, app.revocation_url, revocation_body(refresh_token.get_secret_value()), _LABEL)
    if response.status_code != HTTPStatus.OK:
        raise refusal_of(response, _LABEL)
