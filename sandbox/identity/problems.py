"""The JSON bodies with which Xero's API refuses a call (protocol reference, section 7)."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from starlette.responses import JSONResponse, Response

AUTHENTICATION = "AuthenticationUnsuccessful"
AUTHORIZATION = "AuthorizationUnsuccessful"


class Refused(Exception):
    """The call ends here, with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"refused with {response.status_code}")
        self.response = response


def problem(status: int, title: str, detail: str) -> Response:
    """Xero's problem body, with its capital letters."""
    body: dict[str, object] = {
        "Type": None,
        "Title": title,
        "Status": status,
        "Detail": detail,
        "Instance": str(uuid4()),
        "Extensions": {},
    }
    return JSONResponse(body, status_code=status)


def unauthorized(detail: str = AUTHENTICATION) -> Response:
    """401: the token is unknown, expired, revoked or lacks the scope; `detail` says which."""
    response = problem(401, "Unauthorized", detail)
    response.headers["WWW-Authenticate"] = "Bearer error=invalid_token"
    return response


def token_expired(at: datetime) -> Response:
    """401 for a token that ended at `at`; refreshing it helps."""
    return unauthorized(f"TokenExpired: token expired at {at:%m/%d/%Y %H:%M:%S}")


def forbidden(detail: str = AUTHENTICATION) -> Response:
    """403: the tenant is missing, not connected, or its connector lost the privilege."""
    return problem(403, "Forbidden", detail)


def not_found() -> Response:
    """404 for an unknown id."""
    return problem(404, "Not Found", "The resource you're looking for cannot be found")
