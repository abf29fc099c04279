"""Tells people of troubles: once when one begins, and once when it is over.

A trouble is known by its practice, its kind and its subject. It is told again only if it is there for another reason,
since something else has to be done then. The news is stored with what found it, and sent by `xpm.activity.delivery`.
"""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from sqlmodel import Session

from xpm.installation import Installation
from xpm.store import news, practices
from xpm.store.consent import connections
from xpm.store.news import Piece
from xpm.store.tables import Practice
from xpm.store.vocabulary import Trouble
from xpm.words import Message, message


def settle(
    session: Session, installation: Installation, slug: str, trouble: Trouble, found: Mapping[str, Message]
) -> list[Message]:
    """Take `found`, by subject, as all troubles of this kind that there are now. Return those that are new."""
    known = {one.subject for one in news.troubles(session, slug) if one.trouble is trouble}
    for subject in sorted(known - found.keys()):
        end(session, installation, slug, trouble, subject)
    return [
        said for subject, said in found.items() if begin(session, installation, slug, trouble, said, subject=subject)
    ]


def begin(
    session: Session,
    installation: Installation,
    slug: str,
    trouble: Trouble,
    said: Message,
    *,
    subject: str = "",
    link: str | None = None,
) -> bool:
    """Tell people of a trouble, unless they know it. `link` is where to look; by default the practice's page."""
    connections.locked(session, slug)
    practice, now = practices.get(session, slug), installation.clock()
    if not news.begin(session, slug, trouble, subject, key=said.key, title=said.title, now=now):
        return False
    page = link or installation.apps_page(slug)
    _tell(session, installation, practice, _piece(practice, trouble, "began", said, page))
    return True


def end(session: Session, installation: Installation, slug: str, trouble: Trouble, subject: str = "") -> None:
    """Tell people that a trouble is over, if they know of it."""
    connections.locked(session, slug)
    over = news.end(session, slug, trouble, subject)
    if over is None:
        return
    practice = practices.get(session, slug)
    since = f"{over.since.astimezone(ZoneInfo(practice.time_zone)):%d %B %Y %H:%M}"
    said = message("news.over", what=over.title, since=since)
    _tell(session, installation, practice, _piece(practice, trouble, "over", said, installation.apps_page(slug)))


def run_page(installation: Installation, flow_run_id: str) -> str:
    """The address of the page that shows a run."""
    return f"{installation.settings.xpm_console_url}/runs/{flow_run_id}"


def _tell(session: Session, installation: Installation, practice: Practice, piece: Piece) -> None:
    receivers = [person.id for person in news.told(session, practice.slug)]
    if news.has_webhook(session, practice.slug):
        receivers.append(news.OF_PRACTICE)
    if installation.settings.xpm_notify_url is not None:
        receivers.append(news.OF_INSTALLATION)
    news.add(session, practice.slug, receivers, piece, installation.clock())


def _piece(practice: Practice, trouble: Trouble, phase: str, said: Message, link: str) -> Piece:
    return Piece(f"xpm.{trouble}.{phase}", said.title, f"{practice.name}: {said.text}", link)
