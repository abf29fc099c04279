"""The version of a record, by which an editor's program notices that somebody else changed it meanwhile."""

from collections.abc import Mapping
from hashlib import blake2b

from pydantic_core import to_json
from sqlmodel import Session

from xpm.entities.names import Noun
from xpm.entities.registry import PUSHED
from xpm.store.records import reads
from xpm.store.records.rows import Scope

_BYTES = 12


def version_of(session: Session, scope: Scope, noun: Noun, key: str) -> str:
    """A short text that changes whenever anything of the record or its custom fields changes in FYI."""
    hashed = blake2b(digest_size=_BYTES)
    for table in (PUSHED[noun].table, PUSHED[noun].values):
        for row in reads.read(session, table, scope, [key]):
            owned = {name: [_in_order(one) for one in rows] for name, rows in row.owned.items()}
            hashed.update(to_json([_in_order(row.columns), _in_order(owned), row.archived]))
    return hashed.hexdigest()


def _in_order(values: Mapping[str, object]) -> list[tuple[str, object]]:
    return sorted(values.items())
