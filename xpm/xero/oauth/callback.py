"""The authorisation response (RFC 6749 §4.1.2): what the browser brings back from the consent page."""

import hmac
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, SecretStr

from xpm.xero.errors import CallbackReason, CallbackRefused, ConsentDeclined, MisconfiguredApp, XeroError

_APP_ERRORS = ("unauthorized_client", "invalid_scope", "unsupported_response_type", "invalid_request")
_KNOWN_ERRORS = (*_APP_ERRORS, "server_error", "temporarily_unavailable", "login_required", "consent_required")


class ExpectedCallback(BaseModel):
    """What was remembered when the consent began; the answer must fit it."""

    model_config = ConfigDict(frozen=True)

    state: SecretStr
    nonce: SecretStr
    code_verifier: SecretStr
    redirect_uri: str  # as in the authorisation request, RFC 6749 §4.1.3


def authorisation_code(callback: Mapping[str, str], expected: ExpectedCallback, issuer: str) -> SecretStr:
    """The code of a callback that belongs to our request.

    Raises `CallbackRefused` when it does not fit, `ConsentDeclined` when the person pressed Cancel, and
    `MisconfiguredApp` when Xero does not accept the app. The state is compared before anything else is believed:
    without it, anybody could tell us that a consent was declined (RFC 6749 §10.12).
    """
    _require_state(callback.get("state", ""), expected.state.get_secret_value())
    _require_issuer(callback, issuer)
    if "error" in callback:
        raise _error_of(callback["error"])
    if not callback.get("code"):
        raise CallbackRefused("The callback has no code.", reason=CallbackReason.CODE)
    return SecretStr(callback["code"])


def _require_state(given: str, expected: str) -> None:
    # Compared in constant time, so that the time taken tells nothing about how much of a guess was right.
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise CallbackRefused("The callback does not belong to this consent.", reason=CallbackReason.STATE)


def _require_issuer(callback: Mapping[str, str], issuer: str) -> None:
    """RFC 9207 §2.4: where the answer names its issuer, it must be the one that was asked."""
    if "iss" in callback and not hmac.compare_digest(callback["iss"].encode(), issuer.encode()):
        raise CallbackRefused("The callback comes from another issuer.", reason=CallbackReason.ISSUER)


def _error_of(error: str) -> XeroError:
    """RFC 6749 §4.1.2.1. An unknown code is not repeated: anybody can put any text into a callback."""
    if error == "access_denied":
        return ConsentDeclined("The person declined the consent.")
    name = error if error in _KNOWN_ERRORS else "an unknown error"
    if error in _APP_ERRORS:
        return MisconfiguredApp(f"Xero does not accept the app's consent request: {name}.")
    return CallbackRefused(f"The consent page reported {name}.", reason=CallbackReason.SERVER_ERROR)
