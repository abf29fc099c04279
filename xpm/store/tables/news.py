"""What people are told of a practice without asking: the troubles that are not over, and the news still to be sent."""

from datetime import datetime

from sqlmodel import Field

from xpm.store.engine.columns import OneOf, UtcDateTime
from xpm.store.tables.schema import StoreTable
from xpm.store.vocabulary import Trouble


class OpenTrouble(StoreTable, table=True):
    """A trouble that people were told of and that is not over yet. `key` is that of the sentence they were told."""

    __tablename__ = "open_trouble"

    practice: str = Field(primary_key=True, foreign_key="practice.slug")
    trouble: Trouble = Field(primary_key=True, sa_type=OneOf(Trouble))
    subject: str = Field(primary_key=True)  # an entity, or empty
    key: str
    title: str
    since: datetime = Field(sa_type=UtcDateTime)


class WaitingNews(StoreTable, table=True):
    """One piece of news for one receiver, until it is sent.

    `receiver` is the id of an FYI user, or one of `xpm.store.news.WEBHOOKS`.
    """

    __tablename__ = "waiting_news"

    id: int | None = Field(default=None, primary_key=True)
    practice: str = Field(foreign_key="practice.slug", index=True)
    receiver: str
    event: str
    title: str
    text: str
    link: str
    at: datetime = Field(sa_type=UtcDateTime)


class NewsAddress(StoreTable, table=True):
    """The webhook that a practice's news goes to. At many services the address itself is the password."""

    __tablename__ = "news_address"

    id: str = Field(primary_key=True, foreign_key="practice.slug")
    address: bytes | None = Field(default=None, repr=False)  # sealed in the vault
