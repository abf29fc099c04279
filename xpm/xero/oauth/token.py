"""The token endpoint (RFC 6749 §3.2): exchanging a code (§4.1.3) and refreshing (§6).

Each refresh returns a new refresh token. The previous one still works for 30 minutes after its use, so after a lost
answer the refresh can be repeated with it (Xero's OAuth FAQ). That is why lost answers have an error of their own.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from xpm.xero.app import OAuthApp, XeroApp
from xpm.xero.clock import Clock
from xpm.xero.errors import (
    AnswerLost,
    ConsentNeeded,
    MisconfiguredApp,
    RateLimited,
    Refused,
    UnreadableAnswer,
    XeroError,
    XeroUnavailable,
)
from xpm.xero.http.answers import facts_of
from xpm.xero.oauth.authlib_parts import authenticated, token_request_body
from xpm.xero.oauth.callback import ExpectedCallback
from xpm.xero.tokens import TokenSet, access_token_claims, scopes_in

TIMEOUT = httpx.Timeout(30.0, connect=10.0)  # seconds; shorter than the lease that a refresh holds
_LABEL = "oauth.token"
_APP_ERRORS = ("invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type")
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class TokenAnswer(BaseModel):
    """A successful token answer (RFC 6749 §5.1), with the id_token of OpenID Connect Core §3.1.3.3."""

    model_config = ConfigDict(frozen=True)

    access_token: SecretStr
    expires_in: int
    refresh_token: SecretStr | None = None
    id_token: SecretStr | None = None
    scope: str | None = None


def exchange(
    http: httpx.Client, app: XeroApp, clock: Clock, *, code: SecretStr, code_verifier: SecretStr, redirect_uri: str
) -> tuple[TokenSet, SecretStr]:
    """Exchange a code for tokens and the id_token (RFC 6749 §4.1.3, RFC 7636 §4.5).

    Raises `ConsentNeeded` if Xero refuses the code; `MisconfiguredApp` if it refuses the app, or if the answer lacks a
    refresh token or id_token; `AnswerLost` or `XeroUnavailable` if no answer came. A code works once: never retry this.
    """
    asked_at = clock()
    answer = _ask(http, app, _code_form(code, code_verifier, redirect_uri))
    if answer.refresh_token is None or answer.id_token is None:
        lacking = "offline_access" if answer.refresh_token is None else "openid"
        raise MisconfiguredApp(f"The consent was given without the scope {lacking}.", endpoint=_LABEL)
    return _token_set(answer, answer.refresh_token, asked_at, app), answer.id_token


def identify(
    http: httpx.Client, app: OAuthApp, *, code: SecretStr, expected: ExpectedCallback
) -> tuple[SecretStr, SecretStr]:
    """Exchange a code for the access token, which `at_hash` binds, and the id_token. Raises as `exchange`."""
    answer = _ask(http, app, _code_form(code, expected.code_verifier, expected.redirect_uri))
    if answer.id_token is None:
        raise MisconfiguredApp("The login was given without the scope openid.", endpoint=_LABEL)
    return answer.access_token, answer.id_token


def refresh(http: httpx.Client, app: XeroApp, clock: Clock, refresh_token: SecretStr) -> TokenSet:
    """Exchange a refresh token for newer tokens (RFC 6749 §6).

    Raises `ConsentNeeded` if the refresh token is dead, `MisconfiguredApp` if Xero refuses the app, `AnswerLost` if the
    refresh may have happened, and `XeroUnavailable` if it did not.
    """
    asked_at = clock()
    answer = _ask(http, app, token_request_body("refresh_token", refresh_token=refresh_token.get_secret_value()))
    return _token_set(answer, answer.refresh_token or refresh_token, asked_at, app)


def _code_form(code: SecretStr, code_verifier: SecretStr, redirect_uri: str) -> str:
    return token_request_body(
        "authorization_code",
        code=code.get_secret_value(),
        redirect_uri=redirect_uri,
        code_verifier=code_verifier.get_secret_value(),
    )


def _token_set(answer: TokenAnswer, refresh_token: SecretStr, asked_at: datetime, app: XeroApp) -> TokenSet:
    """Build the token set. Without `scope` in the answer, the access token's scopes count, then the requested ones.

    RFC 6749 §5.1: an answer without `scope` grants what was requested.
    """
    granted = scopes_in(answer.scope) or scopes_in(access_token_claims(answer.access_token).get("scope"))
    return TokenSet(
        access_token=answer.access_token,
        refresh_token=refresh_token,
        expires_at=asked_at + timedelta(seconds=answer.expires_in),
        scopes=granted or frozenset(app.scopes),
    )


def _ask(http: httpx.Client, app: OAuthApp, form: str) -> TokenAnswer:
    response = post(http, app, app.token_url, form, _LABEL)
    if response.status_code != HTTPStatus.OK:
        raise refusal_of(response, _LABEL)
    try:
        return TokenAnswer.model_validate_json(response.content)
    except ValidationError:
        failure = AnswerLost("Xero's answer with the tokens cannot be read.", endpoint=_LABEL, status=200)
    raise failure  # outside the handler, so that it is not chained to the validation error, which contains the tokens


def post(http: httpx.Client, app: OAuthApp, url: str, form: str, label: str) -> httpx.Response:
    """Send a form as the app. Failures below HTTP raise `XeroUnavailable` or `AnswerLost`."""
    headers, body = authenticated(app, url, form)
    try:
        return http.request("POST", url, content=body, headers=headers, timeout=TIMEOUT, auth=None)
    except _NEVER_SENT as error:
        failure = XeroUnavailable(f"Xero cannot be reached for {label} ({type(error).__name__}).", endpoint=label)
    except httpx.RequestError as error:
        failure = AnswerLost(f"Xero's answer to {label} was lost ({type(error).__name__}).", endpoint=label)
    raise failure  # outside the handler, so that it is not chained to httpx's error, whose request contains secrets


def refusal_of(response: httpx.Response, label: str) -> XeroError:
    """Return the error for an answer (RFC 6749 §5.2). Only `error` decides; Xero rarely sends a description."""
    status = response.status_code
    facts = facts_of(response, label)
    error = _error_code(response)
    if error == "invalid_grant":
        return ConsentNeeded("Xero no longer accepts this consent (invalid_grant).", **facts)
    if error in _APP_ERRORS:
        return MisconfiguredApp(f"Xero does not accept the app ({error}).", **facts)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited("Xero's token endpoint was called too often.", **facts)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return AnswerLost(f"Xero cannot answer {label} now (status {status}).", **facts)
    if status < HTTPStatus.BAD_REQUEST:
        return UnreadableAnswer(f"Xero answered {label} with status {status}.", **facts)
    return Refused(f"Xero refused {label} (status {status}).", **facts)


def _error_code(response: httpx.Response) -> str | None:
    try:
        content = response.json()
    except ValueError:
        return None
    error = content.get("error") if isinstance(content, Mapping) else None
    return error if isinstance(error, str) else None
