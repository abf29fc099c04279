"""API tokens: what a program of FYI shows to be let in to the data of one practice.

A token is random (256 bits), shown once and stored as a digest. It acts for a program: which person edits is said with
each edit.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, timedelta

from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError

from xpm.installation import Installation
from xpm.store.access import tokens
from xpm.store.access.sessions import digest_of
from xpm.store.tables import ApiToken
from xpm.words import stop

PREFIX = "fyixpm_"
"""With it, scanners of source code and logs recognise a token that should not be there."""
TOKEN_BYTES = 32  # 256 bits
DAYS = 365
MOST_DAYS = 730


@dataclass(frozen=True)
class MadeToken:
    """A new token. `secret` is shown once, to whoever made it."""

    token: ApiToken
    secret: SecretStr


def make(installation: Installation, slug: str, name: str, *, may_edit: bool, days: int, made_by: str) -> MadeToken:
    """Make a token for a practice.

    Raises Stopped: unknown practice, or the practice has a token of this name that is not revoked.
    """
    practice, now = installation.practice(slug), installation.clock()
    secret = f"{PREFIX}{secrets.token_urlsafe(TOKEN_BYTES)}"
    token = ApiToken(
        digest=digest_of(secret),
        practice=practice.slug,
        name=name,
        may_edit=may_edit,
        made_by=made_by,
        made_at=now,
        expires_at=now + timedelta(days=min(days, MOST_DAYS)),
    )
    try:
        with installation.database.write() as session:
            tokens.add(session, token)
            session.expunge(token)
    except IntegrityError:
        raise stop("api.token_known", name=name, practice=practice.name) from None
    return MadeToken(token, SecretStr(secret))


def of_practice(installation: Installation, slug: str) -> list[ApiToken]:
    """List a practice's tokens, also those that let nobody in any more. Raises Stopped for an unknown practice."""
    practice = installation.practice(slug)
    with installation.database.read() as session:
        return tokens.of_practice(session, practice.slug)


def revoke(installation: Installation, slug: str, name: str) -> str:
    """Revoke a practice's token, by its name or id, and return its name. Raises Stopped if there is none."""
    practice = installation.practice(slug)
    with installation.database.write() as session:
        found = tokens.kept(session, practice.slug, name)
        if found is None:
            raise stop("api.token_unknown", name=name, practice=practice.name)
        tokens.revoke(session, found, installation.clock())
        return found.name


def find(installation: Installation, secret: str, slug: str) -> ApiToken | None:
    """Return the token that a program sent, if it lets in to this practice: not unknown, foreign, revoked or expired.

    It is found by its digest, so that the time this takes says nothing about tokens that are nearly right.
    """
    now = installation.clock()
    with installation.database.read() as session:
        found = tokens.valid(session, secret, now)
    today = now.astimezone(UTC).date()
    if found is None or found.practice != slug:
        return None
    if found.last_used_on != today:
        with installation.database.write() as session:
            tokens.use(session, found, today)
    return found
