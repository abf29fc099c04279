"""Every secret at rest: which key sealed it, and how to reseal all of them with the newest key.

Each row is resealed in its own transaction, under a row lock. A process that refreshes tokens at the same time comes
before or after, and its compare-and-set on the generation holds either way.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum

from sqlmodel import Session, col, or_, select

from xpm.store import news
from xpm.store.audit.chain import is_genuine_head
from xpm.store.audit.entries import head_of
from xpm.store.consent import attempts, consents
from xpm.store.consent.vault import Vault
from xpm.store.errors import VaultError
from xpm.store.tables import AuthorisationAttempt, Consent, NewsAddress

Holder = type[Consent] | type[AuthorisationAttempt] | type[NewsAddress]
SECRETS: Mapping[Holder, tuple[str, ...]] = {
    Consent: consents.SECRETS,
    AuthorisationAttempt: attempts.SECRETS,
    NewsAddress: news.SECRETS,
}
"""The tables that hold secrets, and their columns."""


class Seal(StrEnum):
    """The condition of a sealed secret."""

    NEWEST = "newest"  # sealed with the newest key
    OLDER = "older"  # sealed with an older key that is still configured
    BROKEN = "broken"  # opens with no configured key, or was changed or moved


def survey(session: Session, vault: Vault) -> Counter[Seal]:
    """Count the secrets by their condition. Every secret is opened to find out.

    The head of the audit trail counts as one, since it needs the key that signed it.
    """
    found = (
        _seal(vault, sealed, place)
        for table, row_id in rows(session)
        for _, place, sealed in _of(session, table, row_id)
    )
    return Counter([*found, *_signed(session, vault)])


def rows(session: Session) -> list[tuple[Holder, str]]:
    """List the rows that hold a secret."""
    return [
        (table, row_id)
        for table, names in SECRETS.items()
        for row_id in session.exec(
            select(table.id).where(or_(*(col(getattr(table, name)).is_not(None) for name in names))).order_by(table.id)
        )
    ]


def reseal(session: Session, vault: Vault, table: Holder, row_id: str) -> int:
    """Reseal a row's secrets that an older key sealed, and return how many. Secrets that do not open stay."""
    row = session.get(table, row_id, with_for_update=True, populate_existing=True)
    resealed = 0
    for name, place, sealed in _of(session, table, row_id):
        if _seal(vault, sealed, place) is Seal.OLDER:
            setattr(row, name, vault.reseal(sealed, place))
            resealed += 1
    session.flush()
    return resealed


def _of(session: Session, table: Holder, row_id: str) -> Iterator[tuple[str, str, bytes]]:
    """The column, place and sealed bytes of each secret in a row."""
    row = session.get(table, row_id)
    for name in SECRETS[table]:
        sealed: bytes | None = getattr(row, name, None)
        if sealed is not None:
            yield name, f"{table.__tablename__}/{row_id}/{name}", sealed


def _signed(session: Session, vault: Vault) -> Iterator[Seal]:
    """The condition of the audit trail's head, if there is one. Whether it was changed is for `audit.verification`."""
    head, _ = head_of(session)
    if head.signature:
        is_known = is_genuine_head(vault, head) is not None
        yield (Seal.NEWEST if head.key_id == vault.newest_id else Seal.OLDER) if is_known else Seal.BROKEN


def _seal(vault: Vault, sealed: bytes, place: str) -> Seal:
    try:
        vault.open(sealed, place)
    except VaultError:
        return Seal.BROKEN
    return Seal.NEWEST if vault.is_newest(sealed) else Seal.OLDER
