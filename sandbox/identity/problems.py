"""The JSON error bodies of Xero's API (protocol reference, section 7)."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from starlette.responses import JSONResponse, Response

AUTHENTICATION = "AuthenticationUnsuccessful"
AUTHORIZATION = "AuthorizationUnsuccessful"


class AccessRefused(Exception):
    """The call is refused with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"Refused with {response.status_code}.")
        self.response = response


def problem(status: int, title: str, detail: str) -> Response:
    """Build Xero's problem body; Xero writes its keys with capitals."""
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
    """Build a 401: the token is unknown, expired or revoked, or lacks the scope; `detail` says which."""
    response = problem(401, "Unauthorized", detail)
    response.headers["WWW-Authenticate"] = "Bearer error=invalid_token"
    return response


def token_expired(at: datetime) -> Response:
    """Build a 401 for a token that expired at `at`; a refresh helps."""
    return unauthorized(f"TokenExpired: token expired at {at:%m/%d/%Y %H:%M:%S}")


def forbidden(detail: str = AUTHENTICATION) -> Response:
    """Build a 403: the tenant is missing or not connected, or the person who connected it lost the privilege."""
    return problem(403, "Forbidden", detail)


def not_found() -> Response:
    """Build a 404 for an unknown id."""
    return problem(404, "Not Found", "The resource you're looking for cannot be found")
