"""Sends the news that waits: to each person by email, and to webhooks.

One program at a time sends a practice's news, and deletes each piece as soon as it is taken. Only if it is killed
between the two is a piece sent again; an email then has the same Message-ID.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from itertools import groupby
from uuid import uuid4

from pydantic import SecretStr

from xpm.activity import mailing
from xpm.activity.notifying import NotifyingFailed, notify
from xpm.integration import Integration
from xpm.leasing import StillHeld, Waiter, holding
from xpm.store import leases, news, people
from xpm.store.errors import UnknownPerson, VaultError
from xpm.store.leases import Lease
from xpm.store.tables import Practice, WaitingNews
from xpm.words import message

PATIENCE = 150.0
"""Seconds to wait for another program that sends. If that was killed, a minute is enough to find out."""

KEPT = timedelta(days=3)
"""News that nobody took for so long is deleted: it is no longer news."""


@dataclass(frozen=True)
class Delivered:
    """How many pieces were sent, and why others were not. `may_pass`: some of them wait, since a retry may help."""

    sent: int
    failed: tuple[str, ...] = ()
    may_pass: bool = False


@dataclass(frozen=True)
class _Envelope:
    """Pieces of news that go together, and where to."""

    receiver: str
    news: tuple[WaitingNews, ...]


def deliver(integration: Integration, slug: str) -> Delivered:
    """Send everything that waits. A receiver who cannot be reached keeps no other from being told.

    Raises:
        Stopped: there is no such practice.
        NotifyingFailed: another program has been sending for minutes.
    """
    practice = integration.practice(slug)
    lease = _lease(integration, f"news of {slug}")
    with holding(integration, lease):
        return _deliver(integration, lease, practice)


def _lease(integration: Integration, name: str) -> Lease:
    waiter = Waiter(integration, name, str(uuid4()), patience=PATIENCE)
    while (lease := waiter.ask()) is None:
        try:
            waiter.wait()
        except StillHeld:
            raise NotifyingFailed("another program is sending", may_pass=True) from None
    return lease


def _deliver(integration: Integration, lease: Lease, practice: Practice) -> Delivered:
    sent, failures = 0, list[NotifyingFailed]()
    for envelope in _envelopes(integration, practice.slug):
        if not _is_mine(integration, lease):
            break
        try:
            _send(integration, practice.name, envelope)
            sent += len(envelope.news)
        except NotifyingFailed as failed:
            failures.append(failed)
            if failed.may_pass and not _is_old(integration, envelope):
                continue
        with integration.database.write() as session:
            news.done(session, envelope.news)
    reasons = dict.fromkeys(failed.reason for failed in failures)
    return Delivered(sent, tuple(reasons), any(failed.may_pass for failed in failures))


def _is_mine(integration: Integration, lease: Lease) -> bool:
    """Whether no other program took over. A program that stood still for a minute sends nothing more."""
    with integration.database.write() as session:
        return leases.renew(session, lease, integration.shared_time(session))


def _envelopes(integration: Integration, slug: str) -> Iterator[_Envelope]:
    """Each piece alone for a webhook, since chat services show one text; all pieces together for a person."""
    with integration.database.read() as session:
        waiting = sorted(news.waiting(session, slug), key=lambda one: one.receiver)  # stable: each in its order
    for receiver, pieces in groupby(waiting, lambda one: one.receiver):
        if receiver in news.WEBHOOKS:
            yield from (_Envelope(receiver, (piece,)) for piece in pieces)
        else:
            yield _Envelope(receiver, tuple(pieces))


def _send(integration: Integration, practice: str, envelope: _Envelope) -> None:
    if envelope.receiver in news.WEBHOOKS:
        _post(integration, envelope)
    else:
        _mail(integration, practice, envelope)


def _post(integration: Integration, envelope: _Envelope) -> None:
    (piece,) = envelope.news
    url = _webhook(integration, piece.practice, envelope.receiver)
    if url is None:  # removed since
        return
    body = {"event": piece.event, "practice": piece.practice, "text": _linked(piece, " "), "link": piece.link}
    notify(url, body, trust_proxy=integration.settings.xpm_trust_proxy)


def _webhook(integration: Integration, slug: str, receiver: str) -> SecretStr | None:
    if receiver == news.OF_INSTALLATION:
        return _required(integration.settings.xpm_notify_url, "XPM_NOTIFY_URL")
    try:
        with integration.database.read() as session:
            address = news.webhook(session, integration.vault, slug)
    except VaultError:
        raise NotifyingFailed("no key opens the practice's address", may_pass=True) from None
    return None if address is None else SecretStr(address)


def _mail(integration: Integration, practice: str, envelope: _Envelope) -> None:
    address = _address(integration, envelope.receiver)
    if address is None:
        return
    url = _required(integration.settings.xpm_smtp_url, "XPM_SMTP_URL")
    sender = integration.settings.xpm_mail_from or ""
    if not sender:
        raise NotifyingFailed("XPM_MAIL_FROM is not set where the worker runs", may_pass=True)
    ids = " ".join(str(one.id) for one in envelope.news)
    mail = mailing.composed(
        sender,
        address,
        _subject(practice, envelope.news),
        _body(integration, envelope.news),
        reference=sha256(f"{envelope.receiver} {ids} {envelope.news[0].at}".encode()).hexdigest()[:32],
        now=integration.clock(),
    )
    mailing.send(url, mail)


def _address(integration: Integration, user_id: str) -> str | None:
    """The person's address; None if they left, or no longer want news."""
    with integration.database.read() as session:
        try:
            person = people.get(session, user_id)
        except UnknownPerson:
            return None
    return person.email if person.is_active and person.gets_news else None


def _subject(practice: str, pieces: Sequence[WaitingNews]) -> str:
    more = f" (+{len(pieces) - 1})" if len(pieces) > 1 else ""
    return f"{practice}: {pieces[0].title}{more}"


def _body(integration: Integration, pieces: Sequence[WaitingNews]) -> str:
    """Each piece as a paragraph with its link, then why the person gets it."""
    paragraphs = [_linked(piece, "\n") for piece in pieces]
    why = message("news.why", link=f"{integration.apps_page(pieces[0].practice)}#news").text
    return "\n\n".join([*paragraphs, why])


def _linked(piece: WaitingNews, between: str) -> str:
    """The text with its link, unless it says the link itself."""
    return piece.text if piece.link in piece.text else f"{piece.text}{between}{piece.link}"


def _required(value: SecretStr | None, name: str) -> SecretStr:
    if value is None:
        raise NotifyingFailed(f"{name} is not set where the worker runs", may_pass=True)
    return value


def _is_old(integration: Integration, envelope: _Envelope) -> bool:
    return max(piece.at for piece in envelope.news) < integration.clock() - KEPT
