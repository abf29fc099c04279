"""`fyi-xpm practice notify` and `news`: who is told of a practice's troubles, and which are not over."""

import sys
from collections.abc import Sequence
from datetime import datetime
from getpass import getpass

from pydantic import BaseModel, ConfigDict
from rich.text import Text
from sqlmodel import Session

from cli.answers import answer
from cli.installation import installation
from cli.recording import changed
from cli.terminal import WholeTable, say, terminal
from xpm.activity import receivers
from xpm.installation import Installation
from xpm.settings import is_protected, is_web_address
from xpm.store import news, people
from xpm.store.tables import FyiUser
from xpm.store.vocabulary import Trouble
from xpm.words import message, stop


class TroubleSeen(BaseModel):
    """A trouble that people were told of and that is not over."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    trouble: Trouble
    subject: str
    title: str
    since: datetime


class NewsSeen(BaseModel):
    """Who is told by email, whether a webhook is, and the troubles that are not over."""

    model_config = ConfigDict(frozen=True)

    emails: tuple[str, ...]
    webhook: bool
    waiting: int
    troubles: tuple[TroubleSeen, ...]


def notify(
    practice: str, add: Sequence[str], remove: Sequence[str], *, webhook: bool | None, person: str | None
) -> None:
    """Choose who is told; the webhook stays as it is if `webhook` is None.

    Its address is asked for, since arguments show in lists of processes.

    Raises:
        Stopped: the practice has nobody with that address, or it is no webhook's.
    """
    with installation() as opened:
        opened.practice(practice)
        address = _asked() if webhook else None
        with opened.database.write() as session:
            wanted = [(email, True) for email in add] + [(email, False) for email in remove]
            ids = {_person(opened, session, practice, email).id: on for email, on in wanted}
            before = receivers.receivers(session, practice)
            if webhook is not None:
                news.set_webhook(session, opened.vault, practice, address)
            receivers.choose(session, opened, practice, ids, by=person or "An operator", person=person)
            now = receivers.receivers(session, practice)
            changed({"told": ", ".join(before)}, {"told": ", ".join(now)})
    say(f"Told of troubles: {', '.join(now) or message('news.nobody').title}.")


def show_news(practice: str, *, as_json: bool) -> None:
    """Show who is told, and of what."""
    with installation() as opened:
        opened.practice(practice)
        with opened.database.read() as session:
            seen = NewsSeen(
                emails=tuple(one.email for one in news.told(session, practice)),
                webhook=news.has_webhook(session, practice),
                waiting=len(news.waiting(session, practice)),
                troubles=tuple(TroubleSeen.model_validate(one) for one in news.troubles(session, practice)),
            )
    answer(seen, _show, as_json=as_json)


def _show(seen: NewsSeen) -> None:
    told = [*seen.emails, *([message("news.webhook").title] if seen.webhook else [])]
    say(f"Told of troubles: {', '.join(told) or message('news.nobody').title}.")
    if seen.waiting:
        say(f"News still to be sent: {seen.waiting}.")
    table = WholeTable("Since", "Trouble")
    for one in seen.troubles:
        table.add_row(f"{one.since:%Y-%m-%d %H:%M} UTC", Text(one.title))
    terminal().print(table if seen.troubles else "No troubles.")


def _asked() -> str:
    hidden = getpass("The webhook's address (it is not shown): ") if sys.stdin.isatty() else sys.stdin.readline()
    address = hidden.strip()
    if not (is_web_address(address) and is_protected(address)):
        raise stop("operator.no_webhook_address")
    return address


def _person(opened: Installation, session: Session, practice: str, email: str) -> FyiUser:
    found = people.by_email(session, practice, email)
    if found is None:
        raise stop("preflight.user_unknown", email=email, practice=opened.practice(practice).name)
    return found
