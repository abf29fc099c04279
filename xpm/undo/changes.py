"""What a sync would do to a record, as a person reads it: field by field, in few words and little memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from xpm.pull.outcome import Counts
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
"""What an administrator calls the effects; what takes most away comes first."""

IDENTITIES = ("definition_uuid", "contact_uuid", "group_uuid", "uuid")
"""By what a child is the same before and after, whatever its place in the list."""

TITLES = ("name", "group_name", "title", "description", "type")
"""What a child is called."""

ARCHIVED = "archived"
"""The field that holds why a record is no longer current."""

PATH = " > "


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field, as FYI has it and as XPM has it. `field` leads to a child's field as `tasks > Lodge > completed`."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """What would happen to one record. Of one that would be added the fields are not kept, but that it is archived."""

    effect: Effect
    kind: str
    key: str
    name: str = ""
    fields: tuple[FieldDifference, ...] = ()

    @property
    def archives(self) -> bool | None:
        """Whether the record would no longer be current, `None` where that stays as it is."""
        marks = [field.after != "" for field in self.fields if field.field == ARCHIVED]
        return marks[0] if marks else None


class DryRunResult(Counts):
    """What a run would come to, by a dry run: the same counts and status, and every change that it would make."""

    changes: tuple[Change, ...] = ()


def name_of(row: RecordRow) -> str:
    """What the record is called in XPM; a tax return has no name of its own."""
    if "tax_type" in row.columns:
        return f"{row.columns['tax_type']} {row.columns['year']}"
    return str(row.columns.get("name") or "")


def archival(before: object, after: object) -> FieldDifference:
    """Why the record is no longer current; nothing where it is."""
    return FieldDifference(field=ARCHIVED, before=shown(before), after=shown(after))


def field_changes(stored: RecordRow, source: RecordRow) -> Iterator[FieldDifference]:
    """Every field in which XPM's record differs from the stored one."""
    for name, before, after in fields(stored, source):
        if isinstance(before, list) and isinstance(after, list):
            yield from _children(name, before, after)
        else:
            yield FieldDifference(field=name, before=shown(before), after=shown(after))


def shown(value: object) -> str:
    """A value as text; nothing for none."""
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
    """What became of each child; of the whole list where only the order is another."""
    told = [*_each_child(name, _by_identity(before), _by_identity(after))]
    yield from told or [FieldDifference(field=name, before=shown(before), after=shown(after))]


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
    """A child as text, without what only programs know it by."""
    return shown({name: value for name, value in (child or {}).items() if name not in IDENTITIES})


def _title(child: Child, identity: str) -> str:
    return next((str(child[name]) for name in TITLES if child.get(name)), identity)
