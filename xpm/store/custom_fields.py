"""When custom field values were last compared with XPM, which sends them one record a call."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from sqlalchemy import update
from sqlmodel import Session, col, select

from xpm.store.records import BATCH, Scope
from xpm.store.tables import CustomFieldOwner
from xpm.store.vocabulary import OwnerKind


def note_compared(session: Session, scope: Scope, kind: OwnerKind, owner_keys: Iterable[str], now: datetime) -> None:
    """Note that these records' values are as XPM has them now, changed or not."""
    remaining = iter(owner_keys)
    while batch := list(islice(remaining, BATCH)):
        session.connection().execute(
            update(CustomFieldOwner)
            .where(
                col(CustomFieldOwner.practice) == scope.practice,
                col(CustomFieldOwner.tenant_id) == scope.tenant_id,
                col(CustomFieldOwner.owner_kind) == kind,
                col(CustomFieldOwner.owner_key).in_(batch),
            )
            .values(compared_at=now)
        )


def last_compared(session: Session, scope: Scope, kind: OwnerKind) -> dict[str, datetime]:
    """Tell when each record's values were last compared; records that never were are not in it."""
    found = session.exec(
        select(CustomFieldOwner.owner_key, CustomFieldOwner.compared_at).where(
            CustomFieldOwner.practice == scope.practice,
            CustomFieldOwner.tenant_id == scope.tenant_id,
            CustomFieldOwner.owner_kind == kind,
        )
    )
    return {key: at for key, at in found if at is not None}
