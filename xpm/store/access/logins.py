"""Logins, and the FYI users they are.

A login is an issuer's word for a person. It is bound to FYI users once, by an address or an id that was proven; from
then on the pair of issuer and subject decides (OpenID Connect Core §5.7), even if the person's address changes.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, or_, select

from xpm.store.engine.upserts import insert_into
from xpm.store.people import matched
from xpm.store.tables import FyiUser, Login, LoginUser, StoreTable

_LOGINS = StoreTable.metadata.tables["login"]


def known(session: Session, issuer: str, subject: str) -> Login | None:
    """Return the login, if it was ever used."""
    return session.get(Login, (issuer, subject))


def save(session: Session, issuer: str, subject: str, *, email: str | None, name: str, now: datetime) -> Login:
    """Store a login, or its newer name and proven address. An address, once proven, is not forgotten.

    Of two first logins at once, the second waits for the first, and then goes on with its row.
    """
    row = {"issuer": issuer, "subject": subject, "name": name, "first_at": now}
    made = insert_into(session.connection().dialect, _LOGINS).values(row).on_conflict_do_nothing()
    session.connection().execute(made)
    login = session.get_one(Login, (issuer, subject), with_for_update=True, populate_existing=True)
    login.name, login.email = name, matched(email) if email else login.email
    session.flush()
    return login


def bind(session: Session, login: Login, users: Collection[FyiUser], now: datetime) -> list[FyiUser]:
    """Bind users to a login, except those that another login of this issuer has; return the newly bound."""
    taken = _taken(session, login.issuer, users)
    free = [user for user in users if user.id not in taken]
    for user in free:
        session.add(LoginUser(issuer=login.issuer, subject=login.subject, user_id=user.id, at=now))
    session.flush()
    return free


def bind_anew(session: Session, login: Login, users: Collection[FyiUser], now: datetime) -> bool:
    """Let a login be these users and nobody else, whichever login of this issuer had them.

    Return whether it was other users before, so that sessions which began with it must end.
    """
    ids, before = {user.id for user in users}, users_of(session, login.issuer, login.subject)
    outdated = or_(col(LoginUser.subject) == login.subject, col(LoginUser.user_id).in_(ids))
    session.connection().execute(delete(LoginUser).where(col(LoginUser.issuer) == login.issuer, outdated))
    bind(session, login, users, now)
    return any(user.id not in ids for user in before)


def users_of(session: Session, issuer: str, subject: str) -> list[FyiUser]:
    """List the FYI users that a login is, in all practices, active or not."""
    bound = select(FyiUser).join(LoginUser, col(LoginUser.user_id) == col(FyiUser.id))
    mine = bound.where(LoginUser.issuer == issuer, LoginUser.subject == subject)
    return list(session.exec(mine.order_by(col(FyiUser.practice))))


def by_proof(session: Session, *, email: str | None, xero_userid: str | None) -> list[FyiUser]:
    """List the FYI users in all practices with this proven address, or whom a consent showed to be this Xero user."""
    proofs = []
    if email:
        proofs.append(col(FyiUser.email) == matched(email))
    if xero_userid:
        proofs.append(col(FyiUser.xero_userid) == xero_userid)
    return list(session.exec(select(FyiUser).where(or_(*proofs)))) if proofs else []


def of_same_users(session: Session, issuer: str, subject: str) -> list[tuple[str, str]]:
    """List every login (issuer, subject) that is one of the users this login is."""
    mine = select(LoginUser.user_id).where(LoginUser.issuer == issuer, LoginUser.subject == subject)
    found = select(LoginUser.issuer, LoginUser.subject).where(col(LoginUser.user_id).in_(mine))
    return list(set(session.exec(found)))


def _taken(session: Session, issuer: str, users: Collection[FyiUser]) -> set[str]:
    ids = [user.id for user in users]
    bound = select(LoginUser.user_id).where(LoginUser.issuer == issuer, col(LoginUser.user_id).in_(ids))
    return set(session.exec(bound))
