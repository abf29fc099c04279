"""Prefect events: about connections, for automations of the operator's own, and about news that waits to be sent."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.events import emit_event

from xpm.consent.access import ConnectionBroke
from xpm.consent.watch import Notice, settle_connection
from xpm.integration import Integration
from xpm.store import news
from xpm.words import Message

WAITING = "xpm.news.waiting"
"""The event that starts the runbook `notify` (cli/notifying.py)."""


def announce(practice: str, notice: Notice, message: Message) -> None:
    """Emit `xpm.connection.<notice>` about the resource `xpm.connection.<practice>`, once, when something changes."""
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
        hand_out_news(practice)
        raise


def hand_out_news(practice: str) -> None:
    """See whether the connection is in trouble, and have all news sent that waits.

    The watch repeats this, so that no news is lost with a program that was killed, or with an event.
    """
    with Integration.opened() as integration:
        settle_connection(integration, practice)
        with integration.database.read() as session:
            count = len(news.waiting(session, practice))
    if count:
        resource = {"prefect.resource.id": f"xpm.news.{practice}", "prefect.resource.name": practice}
        emit_event(event=WAITING, resource=resource, payload={"practice": practice, "count": count})
