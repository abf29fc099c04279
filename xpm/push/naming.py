"""Names what edits are about as people do: the record, the field and its values."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select
from sqlmodel import Session
from sqlmodel import select as select_rows

from xpm.entities.names import Noun
from xpm.entities.pushed import FieldType
from xpm.entities.registry import PUSHED
from xpm.push.placing import noun_of
from xpm.store.engine.key_lists import among
from xpm.store.push.edits import TIME
from xpm.store.records import kinds
from xpm.store.records.rows import Scope
from xpm.store.records.scope import in_scope
from xpm.store.tables import CustomFieldDefinition, PendingEdit, Staff
from xpm.words import stop

CUSTOM = "custom:"
"""What may be put before the name of a custom field, if a field of XPM's own has the same name."""

TIME_ENTRY = "Time"
"""What people read as the field of a time entry."""


@dataclass(frozen=True)
class RecordName:
    """A record as people know it: a job's number or a client's XPM ID, and its name if FYI still has the record."""

    noun: Noun
    number: str
    name: str | None


@dataclass(frozen=True)
class Names:
    """Names fields and values of one practice's account, in the session's transaction."""

    session: Session
    scope: Scope

    def records(self, edits: Iterable[PendingEdit]) -> Mapping[tuple[Noun, str], RecordName]:
        """The records of these edits, by kind and key."""
        keys: dict[Noun, set[str]] = {}
        for edit in edits:
            keys.setdefault(noun_of(edit.record_table), set()).add(edit.record_key)
        return {(noun, key): name for noun, of in keys.items() for key, name in self._named(noun, of).items()}

    def fields_of(self, edits: Sequence[PendingEdit]) -> list[str]:
        """The field that each of these edits is about, such as `job J000053: State`."""
        records = self.records(edits)
        named = [(records[noun_of(edit.record_table), edit.record_key], edit) for edit in edits]
        return [f"{of.noun.words} {of.number}: {self.field(edit.record_table, edit.field)}" for of, edit in named]

    def field(self, table: str, field: str) -> str:
        """The label of a field: a column or custom field of this table of records."""
        if table == TIME:
            return TIME_ENTRY
        own = PUSHED[noun_of(table)].in_column(field)
        definition = self._definitions.get(field)
        return own.label if own else (definition.name if definition else None) or field

    def value(self, table: str, field: str, text: str | None) -> str | None:
        """A value of a field as people read and type it; `None` if empty.

        Staff go by name; where several people have it, by email address, or else by XPM ID. A checkbox says yes or no.
        """
        if table == TIME:
            return text
        if own := PUSHED[noun_of(table)].in_column(field):
            return self._staff.get(text or "", text) if own.type is FieldType.STAFF else text
        definition = self._definitions.get(field)
        is_checkbox = definition is not None and definition.value_element == "Boolean"
        return {"true": "yes", "false": "no", None: "no"}.get(text, text) if is_checkbox else text

    def fields_called(self, name: str) -> frozenset[str]:
        """The columns and custom fields with this name, label or XPM ID, of jobs and clients.

        Raises Stopped if there is none.
        """
        own = {field.column for of in PUSHED.values() if (field := of.named(name))}
        wanted = name.strip().casefold().removeprefix(CUSTOM)
        custom = {
            one.uuid
            for one in self._definitions.values()
            if wanted in (one.uuid.casefold(), (one.name or "").strip().casefold())
        }
        if not own | custom:
            raise stop("push.field_unknown", field=name)
        return frozenset(own | custom)

    def _named(self, noun: Noun, keys: Iterable[str]) -> Mapping[str, RecordName]:
        table = PUSHED[noun].table
        columns, wanted = table.table.c, list(keys)
        called = columns[table.number or table.key]
        found = select(columns[table.key], called, columns.name).where(
            in_scope(table, self.scope), among(columns[table.key], wanted)
        )
        stored = {key: (number, name) for key, number, name in self.session.connection().execute(found)}
        numbers = {key: stored.get(key) or (None, None) for key in wanted}
        return {key: RecordName(noun, number or key, name) for key, (number, name) in numbers.items()}

    @cached_property
    def _staff(self) -> Mapping[str, str]:
        """What each staff member is called, by XPM ID: something that means nobody else."""
        everybody = self.session.exec(select_rows(Staff).where(in_scope(kinds.STAFF, self.scope))).all()
        called = {one.uuid: [text for text in (one.name, one.email, one.uuid) if text] for one in everybody}
        meant = Counter(text for texts in called.values() for text in {text.casefold() for text in texts})
        return {
            uuid: next((text for text in texts if meant[text.casefold()] == 1), uuid) for uuid, texts in called.items()
        }

    @cached_property
    def _definitions(self) -> Mapping[str, CustomFieldDefinition]:
        of = select_rows(CustomFieldDefinition).where(in_scope(kinds.CUSTOM_FIELD_DEFINITIONS, self.scope))
        return {one.uuid: one for one in self.session.exec(of)}
