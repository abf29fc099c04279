"""The API as an app that the console mounts, and its description (OpenAPI)."""

from typing import Any

from fastapi import FastAPI, Security
from fastapi.security import HTTPBearer
from starlette.middleware import Middleware

from console.api import edits, records
from console.api.gate import OPEN_PATH, TokenGate
from console.api.problems import MEDIA_TYPE, ApiProblem, handlers
from console.runs import Runs
from console.throttle import Throttle
from xpm.installation import Installation

DESCRIPTION = "Read and edit a practice's records, and see what becomes of edits on their way to XPM."
BEARER = HTTPBearer(auto_error=False, description="A token that `fyi-xpm api-token make` printed.")
PROBLEMS: dict[int, str] = {
    400: "The request did not arrive whole, or its body is not JSON.",
    401: "The token does not let in to this practice.",
    403: "The token may only read.",
    404: "The practice has no such record or edit.",
    409: "The record, or the value of XPM's in a conflict, has changed since the editor saw it.",
    413: "The body is longer than a request may be, or does not say how long it is.",
    422: "The request is not as described, or a rule refuses it. The sentence says which.",
    428: "So many records need a confirmation of their number.",
    429: "Too many requests in a short time.",
    503: "The database does not answer, or is being updated.",
}
PER_PRACTICE = "/practices/{practice}"


class Api(FastAPI):
    """An app whose description gives problems the media type that they have."""

    def openapi(self) -> dict[str, Any]:
        """Describe the API (OpenAPI 3.1)."""
        described = super().openapi()
        answers = [
            answer
            for operations in described["paths"].values()
            for operation in operations.values()
            for code, answer in operation["responses"].items()
            if int(code) in PROBLEMS and "application/json" in answer["content"]
        ]
        for answer in answers:
            answer["content"][MEDIA_TYPE] = answer["content"].pop("application/json")
        return described


def create_api(installation: Installation, runs: Runs, throttle: Throttle) -> Api:
    """Make the API for an open installation."""
    api = Api(
        title="FYI and Xero Practice Manager",
        version="1",
        description=DESCRIPTION,
        openapi_url=OPEN_PATH,
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        servers=[{"url": "/api/v1"}],
        root_path_in_servers=False,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it would carry what was sent
        exception_handlers=handlers(installation),
        middleware=[Middleware(TokenGate, installation=installation, runs=runs, throttle=throttle)],
        dependencies=[Security(BEARER)],
        responses={code: {"model": ApiProblem, "description": says} for code, says in PROBLEMS.items()},
    )
    for part in (records, edits):
        api.include_router(part.router, prefix=PER_PRACTICE)
    return api
