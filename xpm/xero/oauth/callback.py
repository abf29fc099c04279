"""The authorisation response (RFC 6749 §4.1.2), which the browser brings back from the consent page."""

import hmac
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, SecretStr

from xpm.xero.errors import CallbackReason, CallbackRefused, ConsentDeclined, MisconfiguredApp, XeroError

_APP_ERRORS = ("unauthorized_client", "invalid_scope", "unsupported_response_type", "invalid_request")
_KNOWN_ERRORS = (*_APP_ERRORS, "server_error", "temporarily_unavailable", "login_required", "consent_required")


class ExpectedCallback(BaseModel):
    """What was stored when the consent started. The callback must match it."""

    model_config = ConfigDict(frozen=True)

    state: SecretStr
    nonce: SecretStr
    code_verifier: SecretStr
    redirect_uri: str  # as in the authorisation request, RFC 6749 §4.1.3


def authorisation_code(callback: Mapping[str, str], expected: ExpectedCallback, issuer: str) -> SecretStr:
    """Return the code of a callback that matches our request.

    Raises `CallbackRefused` if it does not match, `ConsentDeclined` if the person pressed Cancel, and
    `MisconfiguredApp` if Xero does not accept the app. The state is checked before anything else: otherwise anyone
    could tell us that a consent was declined (RFC 6749 §10.12).
    """
    _require_state(callback.get("state", ""), expected.state.get_secret_value())
    _require_issuer(callback, issuer)
    if "error" in callback:
        raise _error_of(callback["error"])
    if not callback.get("code"):
        raise CallbackRefused("The callback has no code.", reason=CallbackReason.CODE)
    return SecretStr(callback["code"])


def _require_state(given: str, expected: str) -> None:
    # Constant time, so that the duration does not show how much of a guess is right.
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise CallbackRefused("The callback does not belong to this consent.", reason=CallbackReason.STATE)


def _require_issuer(callback: Mapping[str, str], issuer: str) -> None:
    """Check the issuer, if the callback names one (RFC 9207 §2.4)."""
    if "iss" in callback and not hmac.compare_digest(callback["iss"].encode(), issuer.encode()):
        raise CallbackRefused("The callback comes from another issuer.", reason=CallbackReason.ISSUER)


def _error_of(error: str) -> XeroError:
    """Return the error for an error code (RFC 6749 §4.1.2.1). Unknown codes are not quoted: anyone can write them."""
    if error == "access_denied":
        return ConsentDeclined("The person declined the consent.")
    name = error if error in _KNOWN_ERRORS else "an unknown error"
    if error in _APP_ERRORS:
        return MisconfiguredApp(f"Xero does not accept the app's consent request: {name}.")
    return CallbackRefused(f"The consent page reported {name}.", reason=CallbackReason.SERVER_ERROR)
