"""A mail server that takes emails over real SMTP, with a name and a password."""

import queue
from asyncio import Server
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr

NAME, PASSWORD = "fyi", "not-to-be-shown"


class Post:
    """A mail server. It answers with these lines in turn, and with the last one from then on."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers or ("250 taken",))
        self.taken: queue.Queue[EmailMessage] = queue.Queue()
        self.asked = 0

    async def handle_DATA(self, _server: object, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Answer, and keep the email if that says it is taken."""
        self.asked += 1
        if not session.authenticated:
            return "530 log in first"
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer.startswith("250"):
            mail = message_from_bytes(cast("bytes", envelope.content), policy=policy.default)
            self.taken.put(mail)
        return answer

    def emails(self) -> list[EmailMessage]:
        """Take what has arrived since the last look."""
        return [self.taken.get_nowait() for _ in range(self.taken.qsize())]


class MailServer(Controller):
    """A running mail server, at a port of the system's choice."""

    def _trigger_server(self) -> None:
        """Find out which port it is, then open a first connection, as aiosmtpd does."""
        server = cast("Server", self.server)
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_server(*answers: str, password: str = PASSWORD) -> Iterator[tuple[Post, SecretStr]]:
    """Run a mail server; by default it takes everything."""

    def known(_server: object, _session: object, _envelope: object, _mechanism: str, data: Any) -> AuthResult:  # noqa: ANN401 - aiosmtpd's
        is_known = isinstance(data, LoginPassword) and (data.login, data.password) == (
            NAME.encode(),
            password.encode(),
        )
        return AuthResult(success=is_known, handled=is_known)  # aiosmtpd then answers 535

    post = Post(*answers)
    server = MailServer(post, hostname="127.0.0.1", port=0, authenticator=known, auth_require_tls=False)
    server.start()
    try:
        yield post, SecretStr(f"smtp://{NAME}:{PASSWORD}@127.0.0.1:{server.port}")
    finally:
        server.stop()
