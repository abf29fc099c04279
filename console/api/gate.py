"""Lets in whoever has a token of the practice (RFC 6750), and nobody else.

It stands before everything of the API but its description: whoever has no token learns nothing, not even which
addresses there are. There is one answer for a token that is missing, malformed, unknown, revoked, expired or of
another practice, and for a practice that does not exist.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from anyio import to_thread
from fastapi import Path
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from console.api.problems import problem, unavailable
from console.guard import SAFE_METHODS, is_short
from console.runs import Runs
from console.throttle import Limit, Throttle
from console.trail import address_of
from xpm.access import audit, tokens
from xpm.access.actor import Actor, ActorKind
from xpm.access.audit import Action
from xpm.installation import Installation, WrongSchema
from xpm.store.access.sessions import digest_of
from xpm.store.errors import DatabaseUnavailable
from xpm.words import Message, Stopped, message

OPEN_PATH = "/openapi.json"
LONGEST_BODY = 1024 * 1024  # bytes
LONGEST_TOKEN = 200  # characters
CHALLENGE = "WWW-Authenticate"


@dataclass(frozen=True)
class Program:
    """A program of FYI that was let in to a practice."""

    installation: Installation
    runs: Runs
    throttle: Throttle
    practice: str
    name: str
    digest: str
    address: str

    def acting_for(self, person: str) -> Actor:
        """The program in the audit trail, with the person whom it names."""
        return Actor(ActorKind.PROGRAM, self.name, session=self.digest, address=self.address, named=person)

    @contextmanager
    def recording_refusals(self, action: Action, person: str, resource: str) -> Iterator[None]:
        """Add a line to the trail if a rule stops the block, unless this program has filled it enough."""
        try:
            yield
        except Stopped as stopped:
            if self.throttle.allows(Limit.API_REFUSED, self.address, self.digest):
                audit.record_alone(
                    self.installation,
                    self.acting_for(person),
                    action,
                    practice=self.practice,
                    resource=resource,
                    detail=stopped.message.key,
                )
            raise


class TokenGate:
    """Finds out which program calls, before anything of the request is read but its head."""

    def __init__(self, app: ASGIApp, installation: Installation, runs: Runs, throttle: Throttle) -> None:
        self._app, self._installation, self._runs, self._throttle = app, installation, runs, throttle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or refuse it."""
        path = scope["path"].removeprefix(scope["root_path"])
        if path == OPEN_PATH:
            await self._app(scope, receive, send)
            return
        refusal = await to_thread.run_sync(self._refusal, Request(scope), _practice_in(path))
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, request: Request, practice: str) -> JSONResponse | None:
        try:
            self._installation.require_schema()
            return self._checked(request, practice)
        except (WrongSchema, DatabaseUnavailable) as error:
            return unavailable(error)

    def _checked(self, request: Request, practice: str) -> JSONResponse | None:
        secret, address = _token_in(request.headers), address_of(request)
        token = tokens.find(self._installation, secret, practice) if secret else None
        if token is None:
            return self._stranger(request, practice, secret)
        if not self._throttle.allows(Limit.API_TOKEN, address, token.digest):
            return problem(429, message("access.too_often"))
        program = Program(self._installation, self._runs, self._throttle, practice, token.name, token.digest, address)
        if request.method not in SAFE_METHODS:
            if not token.may_edit:
                return self._reader(request, program)
            if not is_short(request.headers, LONGEST_BODY):
                return problem(413, message("api.too_long", most=LONGEST_BODY))
        request.state.program = program
        return None

    def _stranger(self, request: Request, practice: str, secret: str) -> JSONResponse:
        """Refuse whoever has no token of the practice. The trail says which token it was, by its first digits."""
        address, said = address_of(request), message("api.not_let_in")
        if not self._throttle.allows(Limit.API_STRANGER, address):
            return problem(429, message("access.too_often"))
        actor = Actor(ActorKind.VISITOR, address=address, session=digest_of(secret) if secret else None)
        self._note(request, actor, practice, said)
        return problem(401, said, {CHALLENGE: 'Bearer realm="fyi-xpm"'})

    def _reader(self, request: Request, program: Program) -> JSONResponse:
        """Refuse an edit with a token that may only read."""
        said = message("api.may_only_read")
        if not self._throttle.allows(Limit.API_REFUSED, program.address, program.digest):
            return problem(429, message("access.too_often"))
        actor = Actor(ActorKind.PROGRAM, program.name, session=program.digest, address=program.address)
        self._note(request, actor, program.practice, said)
        return problem(403, said, {CHALLENGE: 'Bearer realm="fyi-xpm", error="insufficient_scope"'})

    def _note(self, request: Request, actor: Actor, practice: str, said: Message) -> None:
        audit.record_alone(
            self._installation,
            actor,
            Action.CALL_API,
            practice=practice or None,
            resource=f"{request.method} {request.url.path}",
            detail=said.key,
        )


def program_of(request: Request, practice: Annotated[str, Path(description="The practice's short name.")]) -> Program:
    """Return the program that was let in. Its token is of the practice that the address names."""
    del practice
    program: Program = request.state.program
    return program


def _practice_in(path: str) -> str:
    """The practice that an address names; empty if it names none."""
    _, first, *rest = (*path.split("/"), "")
    return rest[0] if first == "practices" else ""


def _token_in(headers: Headers) -> str:
    """The token that a request sends; empty if there is none, or it cannot be one."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and len(token) <= LONGEST_TOKEN and token.isascii() else ""
