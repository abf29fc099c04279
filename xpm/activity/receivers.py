"""Who is told of a practice's troubles: its people by email, and a webhook."""

from collections.abc import Mapping

from sqlmodel import Session

from xpm.activity.log import record
from xpm.installation import Installation
from xpm.store import news, people
from xpm.words import message


def receivers(session: Session, slug: str) -> list[str]:
    """The names of those who are told; a webhook's address is not among them, since it is a secret."""
    webhook = [message("news.webhook").title] if news.has_webhook(session, slug) else []
    return [*(person.name for person in news.told(session, slug)), *webhook]


def choose(
    session: Session, installation: Installation, slug: str, wanted: Mapping[str, bool], *, by: str, person: str | None
) -> None:
    """Tell each of these people, by FYI user id, or no longer; log it in the name of `by`."""
    for user_id, on in wanted.items():
        people.update(session, user_id, gets_news=on)
    log(session, installation, slug, by=by, person=person)


def log(session: Session, installation: Installation, slug: str, *, by: str, person: str | None) -> None:
    """Log to Practice Activity who is told now."""
    who = ", ".join(receivers(session, slug)) or message("news.nobody").title
    said = message("news.changed", person=by, who=who)
    record(session, slug, said, now=installation.clock(), person=person)
