"""Prefect events about connections, for automations: at the moment something happens, and only then."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.events import emit_event

from xpm.consent.access import ConnectionBroke
from xpm.consent.watch import Notice
from xpm.words import Message


def announce(practice: str, notice: Notice, said: Message) -> None:
    """Emit `xpm.connection.<notice>` about the resource `xpm.connection.<practice>`."""
    resource = f"xpm.connection.{practice}"
    emit_event(
        event=f"xpm.connection.{notice}",
        resource={"prefect.resource.id": resource, "prefect.resource.name": practice},
        payload={"practice": practice, "title": said.title, "next": said.next},
    )


@contextmanager
def announcing_a_break(practice: str) -> Iterator[None]:
    """Announce it when what runs inside is the first to find the connection broken."""
    try:
        yield
    except ConnectionBroke as broke:
        announce(practice, Notice.BROKEN, broke.news)
        raise
