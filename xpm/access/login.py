"""Logging in: from an issuer's word, or from a link, to a session.

A login is matched to FYI users by issuer and subject. The first time, it is bound to those users whose address the
issuer says is verified, to those whom a consent showed to be the same Xero user, or to those of the session in which
somebody adds this way to log in. An address that nobody verified proves nothing.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import SecretStr
from sqlmodel import Session

from xpm.access.issuer import Issuer
from xpm.access.rights import Caller
from xpm.access.session import caller_of
from xpm.installation import Installation
from xpm.store.access import links, logins, sessions
from xpm.store.people import matched
from xpm.store.tables import Login
from xpm.words import Stopped, message, stop
from xpm.xero.errors import CallbackReason, CallbackRefused, ConsentDeclined, XeroError
from xpm.xero.oauth import ExpectedCallback, IssuedIdentity

BY_LINK = "login-link"
"""The issuer of those who logged in with a link. Their subject is the address the link was made for."""
LINK_LASTS = timedelta(minutes=10)
TOKEN_BYTES = 32  # 256 bits; ASVS 5.0 7.2.3 asks for at least 128


class LoginRefused(Stopped):
    """Nobody was logged in. `who` is what the trail may say about the person, if the issuer named one."""

    def __init__(self, key: str, *, who: str = "", **facts: object) -> None:
        """Name the sentence and its facts."""
        super().__init__(message(key, **facts))
        self.who = who


@dataclass(frozen=True)
class Entered:
    """A new session. The token is for the cookie alone."""

    token: SecretStr = field(repr=False)
    caller: Caller


def make_link(installation: Installation, email: str) -> SecretStr:
    """Make a link that logs this address in, once and for ten minutes. Raises Stopped if nobody has the address."""
    now, token = installation.clock(), secrets.token_urlsafe(TOKEN_BYTES)
    with installation.database.write() as session:
        users = logins.by_proof(session, email=email, xero_userid=None)
        if not users and matched(email) not in installation.settings.xpm_operators:
            raise stop("login.link_for_nobody", email=email)
        links.add(session, token, email, ends_at=now + LINK_LASTS, now=now)
    return SecretStr(f"{installation.settings.xpm_console_url}/login/link/{token}")


def enter_by_link(installation: Installation, token: str, address: str) -> Entered:
    """Use a link up. Raises LoginRefused.

    The address is all that a link proves, so the login is whoever has it now. Sessions of somebody who had it before
    end.
    """
    now = installation.clock()
    with installation.database.write() as session:
        email = links.use(session, token, now)
        if email is None:
            raise LoginRefused("login.link_over")
        login = logins.save(session, BY_LINK, email, email=email, name=email, now=now)
        if logins.bind_anew(session, login, logins.by_proof(session, email=email, xero_userid=None), now):
            sessions.end_all(session, BY_LINK, email, now)
        return _entered(installation, session, login, address, email=email)


def may_add(caller: Caller) -> bool:
    """Whether this session may add a way to log in: only a login link proves the address that the new login gets."""
    return caller.issuer == BY_LINK


def enter(
    installation: Installation,
    issuer: Issuer,
    answer: Mapping[str, str],
    expected: ExpectedCallback,
    address: str,
    *,
    added_by: Caller | None = None,
) -> Entered:
    """Log in whom the issuer names. `added_by`: the session in which somebody adds this way to log in.

    `added_by` counts only if it `may_add`.

    Raises:
        LoginRefused: the issuer's answer cannot be trusted, or it names nobody whom FYI knows.
    """
    who = _identified(issuer, answer, expected)
    added_by = added_by if added_by and may_add(added_by) else None
    now = installation.clock()
    with installation.database.write() as session:
        email = who.email if who.email_verified else added_by.email if added_by else None
        login = logins.save(session, issuer.url, who.subject, email=email, name=_name_of(who), now=now)
        if added_by:
            logins.bind(session, login, list(added_by.users.values()), now)
        xero_userid = who.xero_userid if issuer.is_xero else None
        return _entered(installation, session, login, address, email=email, xero_userid=xero_userid)


def _entered(
    installation: Installation,
    session: Session,
    login: Login,
    address: str,
    *,
    email: str | None,
    xero_userid: str | None = None,
) -> Entered:
    """Begin a session for a login that is somebody; if it is nobody, the transaction ends with nothing written.

    Only what is proven now binds users. An address that was proven earlier may be another person's by now.
    """
    now, token = installation.clock(), secrets.token_urlsafe(TOKEN_BYTES)
    found = logins.by_proof(session, email=email, xero_userid=xero_userid)
    logins.bind(session, login, found, now)
    begun = sessions.begin(
        session,
        token,
        issuer=login.issuer,
        subject=login.subject,
        address=address,
        ends_at=now + timedelta(hours=installation.settings.xpm_session_hours),
        now=now,
    )
    caller = caller_of(installation, session, begun)
    if caller is None:
        raise LoginRefused("login.nobody", who=login.email or login.name, name=login.email or login.name)
    return Entered(SecretStr(token), caller)


def _identified(issuer: Issuer, answer: Mapping[str, str], expected: ExpectedCallback) -> IssuedIdentity:
    try:
        return issuer.client.identify(answer, expected)
    except ConsentDeclined:
        raise LoginRefused("login.declined", issuer=issuer.name) from None
    except XeroError as error:
        is_clock = isinstance(error, CallbackRefused) and error.reason is CallbackReason.CLOCK
        key = "login.clocks_differ" if is_clock else "login.not_trusted"
        raise LoginRefused(key, issuer=issuer.name) from error


def _name_of(who: IssuedIdentity) -> str:
    given = " ".join(part for part in (who.given_name, who.family_name) if part)
    return (who.name or given or who.email or who.subject)[:200]
