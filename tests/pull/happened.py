"""What a sync did, found by its own rules from the rows before and after: a dry run must have predicted the same."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.pull.house import House
from xpm.store.records.versions import Effect
from xpm.undo.changes import Change

Row = dict[str, Any]
Effects = tuple[str, str, Effect, frozenset[tuple[str, str, str]], frozenset[str]]
"""Kind, key and effect; each plain field with both values; each list that differs."""

MAIN = {
    "job": "key",
    "job_category": "uuid",
    "client": "uuid",
    "client_group": "uuid",
    "staff": "uuid",
    "custom_field_definition": "uuid",
    "tax_return": "return_id",
    "custom_field_owner": "owner_key",
}
OWNED = {
    "client": dict.fromkeys(("client_contact", "client_group_member", "client_relationship"), "client_uuid"),
    "custom_field_owner": {"custom_field_value": "owner_key"},
}
LISTS = frozenset({"assigned", "tasks", "milestones", "notes", "contact"}.union(*OWNED.values()))
NOT_XPMS = {"first_synced_at", "changed_at", "changed_by_run", "archived_at", "content_hash", "sent_digest"}
NOT_XPMS |= {"fyi_status", "archived_reason"}


@dataclass(frozen=True)
class Snapshot:
    """All rows of the tables of records at one moment."""

    tables: Mapping[str, list[Row]]

    @classmethod
    def of(cls, house: House) -> "Snapshot":
        """The rows now."""
        names = [*MAIN, "contact", *(name for owned in OWNED.values() for name in owned)]
        return cls({name: house.rows(name) for name in names})

    def records(self, table: str) -> dict[tuple[str, str], Row]:
        """The main rows with the rows of their side tables, by kind and key."""
        return {
            (_kind(table, row), row[MAIN[table]]): {**row, **self._children(table, row)} for row in self.tables[table]
        }

    def _children(self, table: str, row: Row) -> dict[str, list[Row]]:
        owner = (row[MAIN[table]], row.get("owner_kind"))
        found = {
            name: sorted((one for one in self.tables[name] if (one[of], one.get("owner_kind")) == owner), key=str)
            for name, of in OWNED.get(table, {}).items()
        }
        if table == "client":
            named = {one["contact_uuid"] for one in found["client_contact"]}
            found["contact"] = [_without_stamps(one) for one in self.tables["contact"] if one["uuid"] in named]
        return found


def happened(before: Snapshot, after: Snapshot) -> set[Effects]:
    """Every record that a sync added or changed."""
    return {effect for table in MAIN for effect in _of_table(before.records(table), after.records(table))}


def predicted(changes: Iterable[Change]) -> set[Effects]:
    """What a dry run predicted, in the same shape. Quarantined records do not count as changes."""
    return {
        (
            change.kind,
            change.key,
            change.effect,
            frozenset((one.field, one.before, one.after) for one in change.fields if _top(one.field) not in LISTS),
            frozenset(_top(one.field) for one in change.fields) & LISTS,
        )
        for change in changes
        if change.effect is not Effect.SET_ASIDE
    }


def _top(field: str) -> str:
    return field.partition(" > ")[0]


def _of_table(before: dict[tuple[str, str], Row], after: dict[tuple[str, str], Row]) -> Iterator[Effects]:
    for (kind, key), row in after.items():
        old = before.get((kind, key))
        if old is None:
            archived = [("archived", "", _text(row["archived_reason"]))] if row["archived_reason"] else []
            yield kind, key, Effect.ADDED, frozenset(archived), frozenset()
        elif _version(old) != _version(row):
            lists = frozenset(name for name in LISTS & row.keys() if old[name] != row[name])
            yield kind, key, _effect(old, row), _fields(old, row), lists


def _version(row: Row) -> tuple[object, object]:
    return row["content_hash"], row["archived_reason"]


def _effect(old: Row, new: Row) -> Effect:
    was, now = old["archived_at"] is None, new["archived_at"] is None
    if was == now:
        return Effect.CHANGED
    return Effect.RESTORED if now else Effect.ARCHIVED


def _fields(old: Row, new: Row) -> frozenset[tuple[str, str, str]]:
    names = new.keys() - LISTS - NOT_XPMS
    sides = [(name, old[name], new[name]) for name in names] + [
        ("archived", old["archived_reason"], new["archived_reason"])
    ]
    return frozenset((name, _text(one), _text(other)) for name, one, other in sides if one != other)


def _text(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "", True: "yes", False: "no"}[value]
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _kind(table: str, row: Row) -> str:
    return f"{row['owner_kind']}_custom_fields" if table == "custom_field_owner" else table


def _without_stamps(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in NOT_XPMS}
