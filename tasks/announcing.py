"""Prefect events about connections, for automations. Each is emitted once, when something changes."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.events import emit_event

from xpm.consent.access import ConnectionBroke
from xpm.consent.watch import Notice
from xpm.words import Message


def announce(practice: str, notice: Notice, message: Message) -> None:
    """Emit `xpm.connection.<notice>` about the resource `xpm.connection.<practice>`."""
    resource = f"xpm.connection.{practice}"
    emit_event(
        event=f"xpm.connection.{notice}",
        resource={"prefect.resource.id": resource, "prefect.resource.name": practice},
        payload={"practice": practice, "title": message.title, "next": message.next},
    )


@contextmanager
def announcing_a_break(practice: str) -> Iterator[None]:
    """Announce a broken connection if the block is the first to find it."""
    try:
        yield
    except ConnectionBroke as broke:
        announce(practice, Notice.BROKEN, broke.news)
        raise
