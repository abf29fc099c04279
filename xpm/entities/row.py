"""Turns an XPM record into a row of the store, with a hash that recognises an unchanged record.

References become two columns; nested records become JSON text or rows of a table of their own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from hashlib import blake2b
from itertools import chain
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import TypeAdapter
from pydantic_core import to_json

from xpm.store.records.rows import ARCHIVED, RecordRow, Unread
from xpm.store.vocabulary import ArchiveReason
from xpm.xero.models import XpmRecord
from xpm.xero.models.nested import is_list, nested_model
from xpm.xero.records import LeftOut

NO_CHILDREN = "[]"
_HASH_BYTES = 16  # 2^64 records before two are likely to share a hash


@dataclass(frozen=True)
class Children:
    """Nested records (`field`, each with a UUID) that become rows of their own `table`.

    `columns` pairs each field with its column. Without pairs, each field except those in `without` has its usual
    column.
    """

    table: str
    field: str
    columns: tuple[tuple[str, str], ...] = ()
    without: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """The column of the UUID."""
        return dict(self.columns).get("uuid", "uuid")

    def columns_for(self, model: type[XpmRecord] | None, field: str) -> list[str]:
        """The columns of one field of the nested records."""
        if self.columns:
            return [column for of, column in self.columns if of == field]
        return [] if field in self.without or model is None else _columns_of_field(model, field)

    def rows(self, record: XpmRecord) -> list[Mapping[str, object]]:
        """One row for each UUID, in XPM's order. If a UUID repeats, the last wins."""
        children = {child.uuid: child for child in getattr(record, self.field)}.values()
        if self.columns:
            return [{column: getattr(child, field) for field, column in self.columns} for child in children]
        return [columns_of(child, without=self.without) for child in children]


@dataclass(frozen=True)
class RowShape:
    """How one kind of record becomes a row. Plain data, so that it can be sent to the process that reads records.

    `key` is the attribute that identifies the record. `owned` and `shared` are its side tables. `marks`
    are XPM's flags for archived and deleted records, the strongest first.
    """

    key: str
    owned: tuple[Children, ...] = ()
    shared: tuple[Children, ...] = ()
    marks: tuple[tuple[str, ArchiveReason], ...] = ()

    def __call__(
        self, record: XpmRecord, sent_digest: bytes | None = None, left_out: Sequence[LeftOut] = ()
    ) -> RecordRow:
        """Make the row. `sent_digest` is the digest of the record as XPM sent it, if known.

        `left_out` are parts that could not be read. Such a row has no `sent_digest`, so that it is read each time.
        """
        key = getattr(record, self.key)
        columns = columns_of(record, without=self._apart)
        content = record.model_dump_json().encode() if self.owned else _content_of(key, columns)
        unread = self._unread_parts(type(record), left_out) if left_out else ()
        return RecordRow(
            key=key,
            content_hash=_hash_of(content, unread),
            columns=columns,
            owned={children.table: children.rows(record) for children in self.owned},
            shared={children.table: children.rows(record) for children in self.shared},
            archived=next((reason for flag, reason in self.marks if getattr(record, flag)), None),
            sent_digest=None if unread else sent_digest,
            unread=unread,
        )

    def _unread_parts(self, model: type[XpmRecord], left_out: Sequence[LeftOut]) -> tuple[Unread, ...]:
        return tuple(dict.fromkeys(chain.from_iterable(self._unread(model, part) for part in left_out)))

    def _unread(self, model: type[XpmRecord], part: LeftOut) -> Iterator[Unread]:
        """Where the store has what was left out."""
        if part.field in (flag for flag, _ in self.marks):
            yield Unread(ARCHIVED)
        sides = [children for children in (*self.owned, *self.shared) if children.field == part.field]
        if not sides:
            yield from _unread_columns(model, part)
        for children in sides:
            if part.inner is None:
                if children in self.owned:
                    yield Unread(children.table, item=part.item, key=children.key)
            else:
                nested = nested_model(model.model_fields[part.field].annotation)
                for column in children.columns_for(nested, part.inner):
                    yield Unread(children.table, column, part.item, children.key)

    @cached_property
    def _apart(self) -> frozenset[str]:
        """The fields that are not columns of the main table."""
        return frozenset({self.key, *(children.field for children in (*self.owned, *self.shared))})


def known_as(row: RecordRow, key: str, **columns: object) -> RecordRow:
    """The row of a record that is stored under another key, with these columns. It must have no owned rows."""
    known = {**row.columns, **columns}
    return replace(row, key=key, columns=known, content_hash=_hash_of(_content_of(key, known), row.unread))


def _content_of(key: str, columns: Mapping[str, object]) -> bytes:
    return to_json([key, *columns.values()])


def _hash_of(content: bytes, unread: Sequence[Unread]) -> bytes:
    return digest(content, repr(unread).encode()) if unread else digest(content)


def digest(*texts: bytes) -> bytes:
    """The hash of a record's content."""
    hashed = blake2b(digest_size=_HASH_BYTES)
    for text in texts:
        hashed.update(text)
    return hashed.digest()


def columns_of(record: XpmRecord, *, without: frozenset[str] = frozenset()) -> dict[str, object]:
    """The columns of one record, named as the store names them, leaving out the fields in `without`."""
    plain, parts = _parts(type(record), without)
    values = vars(record)
    columns = {name: values[name] for name in plain}
    for name, write in parts:
        write(values[name], columns)
    return columns


def _unread_columns(model: type[XpmRecord], part: LeftOut) -> Iterator[Unread]:
    if is_list(model.model_fields[part.field].annotation):
        yield Unread(part.field, part.inner, part.item)
    elif part.inner:
        yield Unread(f"{part.field}_{part.inner}")
    else:
        yield from map(Unread, _columns_of_field(model, part.field))


def _columns_of_field(model: type[XpmRecord], field: str) -> list[str]:
    nested = nested_model(model.model_fields[field].annotation)
    return [f"{field}_{inner}" for inner in nested.model_fields] if nested else [field]


Part = Callable[[Any, dict[str, object]], None]
"""Takes a field's value and writes its columns."""


@cache
def _parts(model: type[XpmRecord], without: frozenset[str]) -> tuple[tuple[str, ...], tuple[tuple[str, Part], ...]]:
    """The fields that are columns as they are, and how to write the others.

    Worked out once for each model, since records come by the ten thousand.
    """
    fields = {name: info.annotation for name, info in model.model_fields.items() if name not in without}
    parts = {name: _part(name, annotation) for name, annotation in fields.items()}
    plain = tuple(name for name, part in parts.items() if part is None)
    return plain, tuple((name, part) for name, part in parts.items() if part)


def _part(field: str, annotation: Any) -> Part | None:  # noqa: ANN401 - whatever a model annotates
    if get_origin(annotation) is tuple:
        return _children(field, TypeAdapter(annotation))
    nested = [kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType]
    if len(nested) == 1 and isinstance(nested[0], type) and issubclass(nested[0], XpmRecord):
        return _reference(field, nested[0])
    return None


def _children(field: str, adapter: TypeAdapter[Any]) -> Part:
    to_text = adapter.serializer.to_json

    def write(value: object, columns: dict[str, object]) -> None:
        columns[field] = to_text(value).decode() if value else NO_CHILDREN

    return write


def _reference(field: str, nested: type[XpmRecord]) -> Part:
    """Spread a single nested element (`Manager/UUID`, `Manager/Name`) over columns of its own."""
    names: Iterable[tuple[str, str]] = tuple((inner, f"{field}_{inner}") for inner in nested.model_fields)

    def write(value: object, columns: dict[str, object]) -> None:
        for inner, column in names:
            columns[column] = getattr(value, inner, None)

    return write
