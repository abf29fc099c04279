"""What the store should hold of XPM's truth, by its own rule: a field is a column, a reference two, a list JSON.

The rule uses the pydantic models, which have their own tests against XPM's XML, but none of the code that stores.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.pull.house import House
from tests.sandbox.xero_app import without_blanks
from xpm.store.records.kinds import BOOKKEEPING
from xpm.xero.models import (
    Category,
    Client,
    ClientGroup,
    CustomFieldDefinition,
    CustomFieldValue,
    Job,
    Staff,
    TaxReturn,
    XpmRecord,
)

Row = dict[str, Any]

PLAIN: Mapping[str, tuple[str, str, type[XpmRecord]]] = {
    "job": ("jobs", "number", Job),
    "job_category": ("categories", "uuid", Category),
    "client_group": ("groups", "uuid", ClientGroup),
    "staff": ("staff", "uuid", Staff),
    "custom_field_definition": ("custom_field_definitions", "uuid", CustomFieldDefinition),
    "tax_return": ("tax_returns", "return_id", TaxReturn),
}
"""Tables with one record per row: XPM's name of the entity, the key, the model."""

LOCAL = {"fyi_status"}
APART = {"contacts", "groups", "relationships"}


def assert_equals_truth(house: House) -> None:
    """Every current record is stored with every field as XPM has it, and nothing else is current."""
    for table, (entity, key, model) in PLAIN.items():
        expected = {row[key]: row for row in (flat(read(model, record)) for record in house.truth(entity))}
        assert current(house, table, key) == expected, table
    assert_clients_equal_truth(house)
    assert_values_equal_truth(house)


def assert_clients_equal_truth(house: House) -> None:
    """Clients are stored with their side tables; archived and deleted clients are stored, too, but not current."""
    clients = [read(Client, record) for record in house.truth("clients")]
    stored = {row["uuid"]: without_bookkeeping(row) for row in house.rows("client")}
    assert stored == {client.uuid: flat(client, without=APART) for client in clients}
    is_current = {client.uuid for client in clients if not client.is_archived and not client.is_deleted}
    assert house.active("client", "uuid") == is_current
    for table, beside in BESIDE.items():
        expected = [row for client in clients for row in beside(client)]
        assert in_order(without_bookkeeping(row) for row in house.rows(table)) == in_order(expected), table
    assert_contacts_equal_truth(house, clients)


def assert_contacts_equal_truth(house: House, clients: Iterable[Client]) -> None:
    """Each contact of a client is stored once. A contact that no client names any more may stay."""
    expected = {
        contact.uuid: flat(contact, without={"is_primary", "position"})
        for client in clients
        for contact in client.contacts
    }
    stored = {row["uuid"]: without_bookkeeping(row) for row in house.rows("contact")}
    assert {uuid: stored.get(uuid) for uuid in expected} == expected


def assert_values_equal_truth(house: House) -> None:
    """The values of every current client and job are stored, and no others."""
    owned = house.active("client", "uuid") | house.active("job", "key")
    expected = {
        (record["owner"], house.key_of(record["key"]), value["UUID"]): _renamed(
            flat(read(CustomFieldValue, value)), "uuid", "definition_uuid"
        )
        for record in house.truth("custom_field_values")
        if house.key_of(record["key"]) in owned
        for value in record["values"]
    }
    stored = {
        (row["owner_kind"], row.pop("owner_key"), row["definition_uuid"]): row
        for row in map(without_bookkeeping, house.rows("custom_field_value"))
        if row["owner_key"] in owned
    }
    assert stored == {key: {**row, "owner_kind": key[0]} for key, row in expected.items()}


def read(model: type[XpmRecord], record: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an instance of the model
    """A record of the truth, as the model reads it."""
    return model.model_validate(without_blanks(dict(record)))


def flat(record: XpmRecord, without: Iterable[str] = ()) -> Row:
    """The columns of one record."""
    row: Row = {"key": record.uuid or record.number} if isinstance(record, Job) else {}
    for name, info in type(record).model_fields.items():
        value = getattr(record, name)
        if name in without:
            continue
        if isinstance(value, tuple):
            row[name] = [item.model_dump(mode="json") for item in value]
        elif (nested := _nested(info.annotation)) is not None:
            row |= {f"{name}_{inner}": getattr(value, inner, None) for inner in nested.model_fields}
        else:
            row[name] = value
    return row


def current(house: House, table: str, key: str) -> dict[str, Row]:
    """The rows of a table that are not archived, without FYI's own columns."""
    rows = (row for row in house.rows(table) if row["archived_at"] is None)
    return {row[key]: without_bookkeeping(row) for row in rows}


def without_bookkeeping(row: Row) -> Row:
    """The columns that come from XPM."""
    return {name: value for name, value in row.items() if name not in BOOKKEEPING | LOCAL}


def in_order(rows: Iterable[Row]) -> list[Row]:
    """The rows in an order that is the same for both sides."""
    return sorted(rows, key=lambda row: str(sorted(row.items(), key=str)))


def _nested(annotation: Any) -> type[XpmRecord] | None:  # noqa: ANN401 - an annotation
    parts = getattr(annotation, "__args__", (annotation,))
    return next((part for part in parts if isinstance(part, type) and issubclass(part, XpmRecord)), None)


def _renamed(row: Row, name: str, new: str) -> Row:
    return {new if column == name else column: value for column, value in row.items()}


def _contacts(client: Client) -> list[Row]:
    return [
        {
            "client_uuid": client.uuid,
            "contact_uuid": contact.uuid,
            "is_primary": contact.is_primary,
            "position": contact.position,
            "position_in_list": place,
        }
        for place, contact in enumerate(client.contacts)
    ]


def _memberships(client: Client) -> list[Row]:
    return [
        {"client_uuid": client.uuid, "group_uuid": group.uuid, "group_name": group.name, "ordinal": place}
        for place, group in enumerate(client.groups)
    ]


def _relationships(client: Client) -> list[Row]:
    return [
        {"client_uuid": client.uuid, "ordinal": place, **flat(relationship)}
        for place, relationship in enumerate(client.relationships)
    ]


BESIDE: Mapping[str, Callable[[Client], list[Row]]] = {
    "client_contact": _contacts,
    "client_group_member": _memberships,
    "client_relationship": _relationships,
}
"""The side tables of a client, and the rows it should have there."""
