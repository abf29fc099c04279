"""What a sync would do to a record, in words for a person: field by field, and compact in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from xpm.pull.outcome import Counts
from xpm.store.records.kinds import RecordTable
from xpm.store.records.rows import RecordRow
from xpm.store.records.versions import Effect
from xpm.undo.comparison import fields

EFFECTS = {
    Effect.ARCHIVED: "archived",
    Effect.SET_ASIDE: "set aside, not readable",
    Effect.CHANGED: "changed",
    Effect.RESTORED: "brought back",
    Effect.ADDED: "added",
}
"""The administrator's words for the effects, the most destructive first."""

IDENTITIES = ("definition_uuid", "contact_uuid", "group_uuid", "uuid")
"""The fields that identify a child before and after, whatever its position in the list."""

TITLES = ("name", "group_name", "title", "description", "type")
"""The fields that may hold a child's name."""

ARCHIVED = "archived"
"""The field that holds why a record is no longer current."""

PATH = " > "


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field, as FYI has it and as XPM has it. A child's field is written as a path: `tasks > Lodge > completed`."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """What would happen to one record. For an added record, `fields` holds only whether it is archived.

    `number` is what people call the record, if that is not its key: a job's number.
    """

    effect: Effect
    kind: str
    key: str
    name: str = ""
    fields: tuple[FieldDifference, ...] = ()
    number: str = ""

    @property
    def called(self) -> str:
        """What people call the record."""
        return self.number or self.key

    @property
    def archives(self) -> bool | None:
        """Whether the record would be archived (true) or current again (false); `None` if that does not change."""
        marks = [field.after != "" for field in self.fields if field.field == ARCHIVED]
        return marks[0] if marks else None


class DryRunResult(Counts):
    """How a pull would end, by a dry run: the same counts and status, and every change it would make."""

    changes: tuple[Change, ...] = ()


def name_of(row: RecordRow) -> str:
    """The record's name in XPM. A tax return has none, so its type and year are used."""
    if "tax_type" in row.columns:
        return f"{row.columns['tax_type']} {row.columns['year']}"
    return str(row.columns.get("name") or "")


def number_of(table: RecordTable, row: RecordRow) -> str:
    """The record's number in XPM; empty for a kind that has none."""
    return str(row.columns[table.number]) if table.number else ""


def archival(before: object, after: object) -> FieldDifference:
    """The difference in why the record is archived; empty on the side where it is current."""
    return FieldDifference(field=ARCHIVED, before=shown(before), after=shown(after))


def field_changes(stored: RecordRow, source: RecordRow) -> Iterator[FieldDifference]:
    """Every field in which XPM's record differs from the stored one."""
    for name, before, after in fields(stored, source):
        if isinstance(before, list) and isinstance(after, list):
            yield from _children(name, before, after)
        else:
            yield FieldDifference(field=name, before=shown(before), after=shown(after))


def shown(value: object) -> str:
    """A value as text; `None` is empty."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return format(value, "f")
        case Mapping():
            return ", ".join(f"{name}: {text}" for name, one in value.items() if (text := shown(one)))
        case list():
            return "; ".join(shown(one) for one in value)
        case _:
            return str(value)


Child = Mapping[str, Any]


def _children(name: str, before: Sequence[Child], after: Sequence[Child]) -> Iterator[FieldDifference]:
    """The differences child by child, or of the whole list if only the order differs."""
    differences = [*_each_child(name, _by_identity(before), _by_identity(after))]
    yield from differences or [FieldDifference(field=name, before=shown(before), after=shown(after))]


def _each_child(name: str, before: Mapping[str, Child], after: Mapping[str, Child]) -> Iterator[FieldDifference]:
    for identity in dict.fromkeys([*before, *after]):
        old, new = before.get(identity), after.get(identity)
        path = f"{name}{PATH}{_title(new or old or {}, identity)}"
        if old is None or new is None:
            yield FieldDifference(field=path, before=_whole(old), after=_whole(new))
            continue
        for part in dict.fromkeys([*old, *new]):
            if old.get(part) != new.get(part):
                yield FieldDifference(
                    field=f"{path}{PATH}{part}", before=shown(old.get(part)), after=shown(new.get(part))
                )


def _by_identity(children: Sequence[Child]) -> dict[str, Child]:
    return {
        next((str(child[name]) for name in IDENTITIES if child.get(name)), str(place)): child
        for place, child in enumerate(children, 1)
    }


def _whole(child: Child | None) -> str:
    """A child as text, without the identifiers that only programs use."""
    return shown({name: value for name, value in (child or {}).items() if name not in IDENTITIES})


def _title(child: Child, identity: str) -> str:
    return next((str(child[name]) for name in TITLES if child.get(name)), identity)
