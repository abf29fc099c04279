"""What the API answers when it does not do what was asked: problem documents (RFC 9457) with sentences for people."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from console.api.outgoing import ApiPreview
from xpm.access.masking import MOST, UNPRINTABLE
from xpm.installation import Installation, WrongSchema
from xpm.push import asks
from xpm.push.editing import Overtaken, Unconfirmed
from xpm.store.errors import DatabaseUnavailable
from xpm.words import Message, Stopped, message

MEDIA_TYPE = "application/problem+json"
Handler = Callable[[Request, Any], Any]


class Misfit(BaseModel):
    """A part of a request that is not as this document describes it."""

    where: str
    says: str


class ApiProblem(BaseModel):
    """Why something was not done. Programs test `key` and `status`; the sentences are for people and may change."""

    status: int
    key: str
    title: str
    detail: str = ""
    next: str = Field("", description="What to do next.")
    version: str | None = Field(None, description="409 only: the version that the record has now.")
    preview: ApiPreview | None = Field(None, description="422 and 428 of several edits: what they would do.")
    misfits: list[Misfit] | None = Field(None, description="422 only: what is not as described here.")


class NothingThere(Stopped):
    """The address leads to nothing that this practice has."""


class OvertakenNow(Stopped):
    """Somebody else changed the record meanwhile. `version` is the one that it has now."""

    def __init__(self, said: Message, version: str) -> None:
        super().__init__(said)
        self.args = (said, version)
        self.version = version


class RefusedEdits(Stopped):
    """Edits are refused. `preview` says what all of them would do."""

    def __init__(self, said: Message, preview: asks.Preview) -> None:
        super().__init__(said)
        self.args = (said, preview)
        self.preview = preview


_STATUSES: Mapping[type[Stopped], int] = {NothingThere: 404, OvertakenNow: 409, Overtaken: 409, Unconfirmed: 428}


@contextmanager
def found() -> Iterator[None]:
    """Raise NothingThere for what does not exist. Only for what looks something up by the address."""
    try:
        yield
    except WrongSchema:
        raise
    except Stopped as stopped:
        raise NothingThere(stopped.message) from None


def problem(
    status: int,
    said: Message,
    headers: Mapping[str, str] | None = None,
    *,
    version: str | None = None,
    preview: ApiPreview | None = None,
    misfits: list[Misfit] | None = None,
) -> JSONResponse:
    """Make the answer."""
    told = ApiProblem(
        status=status,
        key=said.key,
        title=said.title,
        detail=said.cause,
        next=said.next,
        version=version,
        preview=preview,
        misfits=misfits,
    )
    return JSONResponse(told.model_dump(mode="json", exclude_none=True), status, headers, MEDIA_TYPE)


def handlers(installation: Installation) -> dict[int | type[Exception], Handler]:
    """What the API answers to exceptions. The most specific class decides."""
    return {
        Stopped: _stopped,
        RequestValidationError: _misfits,
        HTTPException: _http,
        DatabaseUnavailable: lambda _request, _error: problem(503, message("api.no_database")),
        DBAPIError: lambda _request, error: _after_migration(installation, error),
        Exception: lambda _request, _error: problem(500, message("console.broken")),
    }


def unavailable(error: WrongSchema | DatabaseUnavailable) -> JSONResponse:
    """The answer while the database cannot be used."""
    return problem(503, message("console.other_version" if isinstance(error, WrongSchema) else "api.no_database"))


def _stopped(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Stopped):
        raise error
    if isinstance(error, WrongSchema):
        return unavailable(error)
    status = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 422)
    version = error.version if isinstance(error, OvertakenNow) else None
    preview = ApiPreview.of(error.preview) if isinstance(error, Unconfirmed | RefusedEdits) else None
    return problem(status, error.message, version=version, preview=preview)


def _misfits(_request: Request, error: Exception) -> JSONResponse:
    """Say what does not fit, without repeating what was sent."""
    if not isinstance(error, RequestValidationError):
        raise error
    misfits = [
        Misfit(where=_printable(".".join(map(str, one["loc"]))), says=_printable(one["msg"])) for one in error.errors()
    ]
    return problem(422, message("api.not_understood"), misfits=misfits)


def _printable(text: str) -> str:
    """The text without half characters, which a name that was sent may have and no answer can."""
    return UNPRINTABLE.sub("\ufffd", text)[:MOST]


def _http(_request: Request, error: Exception) -> JSONResponse:
    """Starlette's own refusals: an address or a method that is not there, a body that broke off."""
    if not isinstance(error, HTTPException):
        raise error
    is_nothing = error.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
    return problem(error.status_code, message("api.nothing_here" if is_nothing else "api.not_arrived"), error.headers)


def _after_migration(installation: Installation, error: Exception) -> JSONResponse:
    """A statement failed: because another version of the code has migrated the database meanwhile, or by our fault."""
    try:
        installation.require_schema()
    except WrongSchema as wrong:
        return unavailable(wrong)
    raise error
