"""The console's two cookies: the session, signed, and a login that is under way, sealed.

Neither can be read by scripts, both are sent over https only if the console is reached over https, and neither is sent
with forms of other sites. "Lax" and not "Strict", because people come back from Xero by a navigation from its site.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from itsdangerous import BadSignature, Signer
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from console.desk import Desk, desk_of
from xpm.store.errors import VaultError
from xpm.xero.oauth import AuthorisationRequest, ExpectedCallback

LOGIN_PATH = "/login"
PLACE = "console/login"


class PendingLogin(BaseModel):
    """A login that a browser began: what its answer must match, and where to go afterwards.

    `added_by` is the session that adds this way to log in, if one does. In no other session does the answer add it.
    """

    model_config = ConfigDict(frozen=True)

    state: str
    nonce: str
    code_verifier: str
    until: datetime
    onward: str
    added_by: str | None = None

    @classmethod
    def of(cls, asked: AuthorisationRequest, *, until: datetime, onward: str, added_by: str | None) -> "PendingLogin":
        """Keep what a request to the issuer must get back."""
        secret = {name: getattr(asked, name).get_secret_value() for name in ("state", "nonce", "code_verifier")}
        return cls(**secret, until=until, onward=onward, added_by=added_by)

    def expected(self, redirect_uri: str) -> ExpectedCallback:
        """What the answer must match."""
        return ExpectedCallback(
            state=SecretStr(self.state),
            nonce=SecretStr(self.nonce),
            code_verifier=SecretStr(self.code_verifier),
            redirect_uri=redirect_uri,
        )


def token_in(request: Request) -> str | None:
    """Return the session's token from a request, if its signature is ours."""
    desk = desk_of(request)
    try:
        return _signer(desk).unsign(request.cookies.get(_session_name(desk), "")).decode()
    except (BadSignature, UnicodeDecodeError):
        return None


def set_token(answer: Response, desk: Desk, token: SecretStr) -> None:
    """Give the browser its session. The cookie ends with the browser; the server decides how long the session lasts."""
    signed = _signer(desk).sign(token.get_secret_value().encode()).decode()
    answer.set_cookie(_session_name(desk), signed, path="/", secure=is_https(desk), httponly=True, samesite="lax")


def forget_token(answer: Response, desk: Desk) -> None:
    """Take the session's cookie from the browser."""
    answer.delete_cookie(_session_name(desk), "/", secure=is_https(desk), httponly=True, samesite="lax")


def set_pending(answer: Response, desk: Desk, pending: PendingLogin) -> None:
    """Let the browser keep a login that it began, readable to us alone."""
    sealed = desk.integration.vault.seal(pending.model_dump_json(), PLACE)
    age = max(0, int((pending.until - desk.integration.clock()).total_seconds()))
    answer.set_cookie(
        _pending_name(desk),
        urlsafe_b64encode(sealed).decode(),
        max_age=age,
        path=LOGIN_PATH,
        secure=is_https(desk),
        httponly=True,
        samesite="lax",
    )


def pending_in(request: Request) -> PendingLogin | None:
    """Return the login that this browser began, unless its time is up."""
    desk = desk_of(request)
    try:
        sealed = urlsafe_b64decode(request.cookies.get(_pending_name(desk), ""))
        pending = PendingLogin.model_validate_json(desk.integration.vault.open(sealed, PLACE))
    except (ValueError, VaultError, ValidationError):
        return None
    return pending if pending.until > desk.integration.clock() else None


def forget_pending(answer: Response, desk: Desk) -> None:
    """Take a login under way from the browser."""
    answer.delete_cookie(_pending_name(desk), LOGIN_PATH, secure=is_https(desk), httponly=True, samesite="lax")


def is_https(desk: Desk) -> bool:
    """Whether browsers reach the console over https."""
    return desk.integration.settings.xpm_console_url.startswith("https://")


def _session_name(desk: Desk) -> str:
    """With the prefix, a browser takes the cookie only from this very host, over https (RFC 6265bis §4.1.3.2)."""
    return "__Host-xpm-session" if is_https(desk) else "xpm-session"


def _pending_name(desk: Desk) -> str:
    return "__Secure-xpm-login" if is_https(desk) else "xpm-login"


def _signer(desk: Desk) -> Signer:
    """Sign with the newest encryption key and accept the older ones, so that rotating them logs nobody out."""
    keys = desk.integration.vault.derived("console session")
    return Signer(list(reversed(keys)), salt="console session", digest_method=hashlib.sha256)
