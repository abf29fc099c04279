"""Entity file, table, wire model and endpoint of each kind of record fit together, and a mismatch is reported."""

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.entities.contract import differences, filled, parts_in_json
from xpm.entities.clients import CLIENTS
from xpm.entities.custom_fields import VALUES, values_row
from xpm.entities.entity import Definition, ListedKind, RecordKind
from xpm.entities.jobs import JOBS
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS, KINDS
from xpm.entities.staff import STAFF
from xpm.store.records import kinds
from xpm.xero.models import CustomFieldValue, Reference, Staff, XpmRecord

ARTICLE = ["jobs", "clients", "staff", "tax_returns", "custom_field_definitions"]
"""The buttons of FYI's article "Resetting your connection …", from top to bottom."""

ALL: list[RecordKind] = [kind for definition in DEFINITIONS.values() for kind in definition.kinds]
LISTED: list[ListedKind[Any]] = [kind for kind in ALL if isinstance(kind, ListedKind)]
EACH_LISTED = pytest.mark.parametrize("kind", LISTED, ids=[kind.noun for kind in LISTED])
EACH_ENTITY = pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=[str(entity) for entity in DEFINITIONS])


class Nicknamed(Staff):
    """A staff member with a field that the table lacks."""

    nickname: str | None = None


class Nameless(XpmRecord):
    """A staff member with only a key."""

    uuid: str


@EACH_LISTED
def test_every_field_that_xero_sends_has_a_column_and_every_column_a_field(kind: ListedKind[Any]) -> None:
    assert list(differences(kind)) == []


def test_a_field_without_a_column_is_reported() -> None:
    assert list(differences(replace(STAFF.main, model=Nicknamed))) == ["staff: nickname has no column"]


def test_a_column_that_nothing_fills_is_reported() -> None:
    found = list(differences(replace(STAFF.main, model=Nameless)))
    assert "staff: nothing fills email" in found
    assert len(found) == len(Staff.model_fields) - 1


def test_a_side_table_that_nothing_fills_is_reported() -> None:
    row = CLIENTS.main.row
    without_groups = replace(row, owned=tuple(child for child in row.owned if child.field != "groups"))
    found = list(differences(replace(CLIENTS.main, row=without_groups)))
    assert "client, owned: nothing fills client_group_member" in found


def test_a_nested_field_that_no_table_has_is_reported() -> None:
    row = CLIENTS.main.row
    (contact,) = row.shared
    forgetful = replace(row, shared=(replace(contact, without=contact.without | {"mobile"}),))
    found = list(differences(replace(CLIENTS.main, row=forgetful)))
    assert found == ["contact: nothing fills mobile", "client.contacts: mobile has no column"]


def test_nested_records_in_json_are_compared_too() -> None:
    assert parts_in_json(JOBS.main).keys() == {"assigned", "tasks", "milestones", "notes"}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_every_field_of_a_custom_field_value_has_a_column(values: Any) -> None:  # noqa: ANN401 - its class is no part of this
    (row,) = values_row("owner", [filled(CustomFieldValue)]).owned["custom_field_value"]
    assert row.keys() == values.table.owned["custom_field_value"].columns
    assert len(row) == len(CustomFieldValue.model_fields)


@EACH_LISTED
def test_an_endpoint_lists_records_of_the_kinds_model(kind: ListedKind[Any]) -> None:
    assert kind.endpoint is None or kind.endpoint.model is kind.model


@EACH_LISTED
def test_the_key_of_a_row_is_the_key_of_the_table_and_xero_always_sends_it(kind: ListedKind[Any]) -> None:
    assert kind.row.key == kind.table.key
    fields = kind.model.model_fields.items()
    assert any(
        field.is_required() for name, field in fields if name == kind.row.key or field.alias in kind.model.key_tags
    )


@EACH_ENTITY
def test_every_entity_read_from_xpm_has_a_probe(definition: Definition) -> None:
    probed = {probe.endpoint.model for probe in definition.probes}
    assert probed <= {kind.model for kind in definition.listed}
    assert definition.main.endpoint is None or definition.main.model in probed


def test_an_entity_has_the_label_of_its_main_kind() -> None:
    assert [entity.label for entity in Entity] == [DEFINITIONS[entity].main.label for entity in Entity]
    assert all(definition.button.startswith("Sync ") for definition in DEFINITIONS.values())


def test_labels_nouns_and_buttons_are_unique() -> None:
    labels, nouns = [kind.label for kind in ALL], [kind.noun for kind in ALL]
    buttons = [definition.button for definition in DEFINITIONS.values()]
    assert [name for names in (labels, nouns, buttons) for name, count in Counter(names).items() if count > 1] == []
    assert [noun for noun in nouns if not re.fullmatch(r"[a-z]+(-[a-z]+)*", noun)] == []


def test_every_table_of_records_belongs_to_exactly_one_entity() -> None:
    assert Counter(kind.table.name for kind in ALL) == Counter(list(kinds.ALL))
    assert {name: kind.table for name, kind in KINDS.items()} == kinds.ALL


def test_the_registry_is_in_the_articles_order_with_new_entities_last() -> None:
    assert [str(entity) for entity in Entity][: len(ARTICLE)] == ARTICLE
    assert list(DEFINITIONS) == list(Entity)


def test_a_reference_is_spread_over_a_column_for_each_of_its_fields() -> None:
    columns = JOBS.main.row(filled(JOBS.main.model)).columns
    assert {f"manager_{name}" for name in Reference.model_fields} <= columns.keys()
