"""Sessions of the console: who sends this request, until when, and how a session ends."""

from datetime import timedelta

from sqlmodel import Session

from xpm.access import audit
from xpm.access.actor import Actor, ActorKind
from xpm.access.rights import Caller
from xpm.consent.eligibility import Obstacle, obstacles
from xpm.installation import Installation
from xpm.store import practices
from xpm.store.access import logins, sessions
from xpm.store.tables import ConsoleSession, FyiUser


def find(installation: Installation, token: str) -> Caller | None:
    """Return who sends a request with this token, or None if the session is over.

    A session is over when it was not used for a while, at its end however often it is used, when it was ended, and as
    soon as none of its FYI users is active (unless the person is an operator).
    """
    now, digest = installation.clock(), sessions.digest_of(token)
    idle = timedelta(minutes=installation.settings.xpm_session_idle_minutes)
    with installation.database.read() as session:
        found = sessions.get(session, digest, idle=idle, now=now)
        caller = caller_of(installation, session, found) if found else None
        is_new = found is not None and now - found.seen_at >= sessions.SEEN_EVERY
    if caller and is_new:
        with installation.database.write() as session:
            sessions.see(session, digest, now)
    elif found and caller is None:
        _end_for_good(installation, found)
    return caller


def caller_of(installation: Installation, session: Session, begun: ConsoleSession) -> Caller | None:
    """Return whom a session belongs to, as FYI knows them now; None if they may no longer use the console."""
    login = logins.known(session, begun.issuer, begun.subject)
    users = [
        one for one in logins.users_of(session, begun.issuer, begun.subject) if _is_active(installation, session, one)
    ]
    is_operator = login is not None and login.email in installation.settings.xpm_operators
    if login is None or not (users or is_operator):
        return None
    return Caller(
        session=begun.digest,
        issuer=begun.issuer,
        subject=begun.subject,
        name=users[0].name if users else login.name,
        email=login.email or (users[0].email if users else None),
        address=begun.address,
        users={user.practice: user for user in users},
        is_operator=is_operator,
    )


def end(installation: Installation, caller: Caller) -> None:
    """Log this browser out."""
    with installation.database.write() as session:
        sessions.end(session, caller.session, installation.clock())


def end_everywhere(installation: Installation, caller: Caller) -> int:
    """Log the person out in every browser, whichever way they logged in; return how many sessions ended."""
    now = installation.clock()
    with installation.database.write() as session:
        same = {(caller.issuer, caller.subject), *logins.of_same_users(session, caller.issuer, caller.subject)}
        return sum(sessions.end_all(session, issuer, subject, now) for issuer, subject in same)


def _end_for_good(installation: Installation, found: ConsoleSession) -> None:
    """End a session whose person may no longer use the console."""
    now = installation.clock()
    with installation.database.write() as session:
        login = logins.known(session, found.issuer, found.subject)
        actor = Actor(ActorKind.PERSON, (login and login.email) or found.subject, session=found.digest)
        sessions.end(session, found.digest, now)
        audit.record(session, installation, actor, audit.Action.END_SESSION, now=now, detail="login.nobody")


def _is_active(installation: Installation, session: Session, user: FyiUser) -> bool:
    today = installation.today(practices.get(session, user.practice))
    return Obstacle.INACTIVE not in obstacles(user, today)
