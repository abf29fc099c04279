"""What people are told of a practice: its troubles that are not over, who is told, and what is still to be sent.

News is written in the transaction that finds or ends a trouble, and deleted once it is sent. So nothing is lost and
nothing is said twice, whatever is killed in between (the pattern "transactional outbox").
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from xpm.store.consent.vault import Vault
from xpm.store.tables import FyiUser, NewsAddress, OpenTrouble, WaitingNews
from xpm.store.vocabulary import Trouble

SECRETS = ("address",)

OF_INSTALLATION, OF_PRACTICE = "the installation's webhook", "the practice's webhook"
WEBHOOKS = frozenset({OF_INSTALLATION, OF_PRACTICE})


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of news. `link` is the page of the console that shows more."""

    event: str
    title: str
    text: str
    link: str


def begin(
    session: Session, practice: str, trouble: Trouble, subject: str, *, key: str, title: str, now: datetime
) -> bool:
    """Store a trouble; false if it is known for the same reason (`key`). Call it with the connection's row locked."""
    known = session.get(OpenTrouble, (practice, trouble, subject), populate_existing=True)
    if known and known.key == key:
        return False
    since = known.since if known else now
    session.merge(OpenTrouble(practice=practice, trouble=trouble, subject=subject, key=key, title=title, since=since))
    session.flush()
    return True


def end(session: Session, practice: str, trouble: Trouble, subject: str) -> OpenTrouble | None:
    """Delete a trouble that is over and return it; None if there was none."""
    known = session.get(OpenTrouble, (practice, trouble, subject), populate_existing=True)
    if known:
        session.delete(known)
        session.flush()
    return known


def troubles(session: Session, practice: str) -> list[OpenTrouble]:
    """List the troubles that are not over, oldest first."""
    known = select(OpenTrouble).where(OpenTrouble.practice == practice)
    return list(session.exec(known.order_by(col(OpenTrouble.since), OpenTrouble.trouble, OpenTrouble.subject)))


def told(session: Session, practice: str) -> list[FyiUser]:
    """List the active people of the practice who are told, by address."""
    people = select(FyiUser).where(FyiUser.practice == practice, FyiUser.gets_news, FyiUser.is_active)
    return list(session.exec(people.order_by(FyiUser.email)))


def add(session: Session, practice: str, receivers: Iterable[str], piece: Piece, now: datetime) -> None:
    """Store a piece of news for each receiver."""
    for receiver in receivers:
        news = WaitingNews(
            practice=practice,
            receiver=receiver,
            event=piece.event,
            title=piece.title,
            text=piece.text,
            link=piece.link,
            at=now,
        )
        session.add(news)
    session.flush()


def waiting(session: Session, practice: str) -> list[WaitingNews]:
    """List the news still to be sent, oldest first."""
    return list(session.exec(select(WaitingNews).where(WaitingNews.practice == practice).order_by(col(WaitingNews.id))))


def done(session: Session, news: Sequence[WaitingNews]) -> None:
    """Delete news that was sent, or that nobody will take."""
    session.connection().execute(delete(WaitingNews).where(col(WaitingNews.id).in_([one.id for one in news])))


def set_webhook(session: Session, vault: Vault, practice: str, address: str | None) -> None:
    """Store the practice's webhook, or remove it."""
    sealed = None if address is None else vault.seal(address, _place(practice))
    session.merge(NewsAddress(id=practice, address=sealed))
    session.flush()


def has_webhook(session: Session, practice: str) -> bool:
    """Whether the practice has a webhook of its own."""
    row = session.get(NewsAddress, practice)
    return row is not None and row.address is not None


def is_heard(session: Session, practice: str) -> bool:
    """Whether somebody is told of this practice."""
    return has_webhook(session, practice) or bool(told(session, practice))


def webhook(session: Session, vault: Vault, practice: str) -> str | None:
    """The practice's webhook. Raises VaultError if no key opens it."""
    row = session.get(NewsAddress, practice)
    return None if row is None or row.address is None else vault.open(row.address, _place(practice))


def _place(practice: str) -> str:
    return f"{NewsAddress.__tablename__}/{practice}/address"
