"""Custom fields: definitions of every type, and the values of clients and jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sandbox.generator.record import Record, xpm_date
from sandbox.generator.seeded import SeededRandom, uuid_of


class _Field(NamedTuple):
    name: str
    kind: str
    """The type as XPM displays it."""
    element: str
    """The XML element of the value; it tells a program the type."""
    on_clients: bool
    on_jobs: bool
    options: str | None


_DEFINITIONS = tuple(
    _Field(*row)
    for row in (
        ("Partner in charge", "Text", "Text", True, False, None),
        ("Fee budget", "Decimal", "Decimal", True, True, None),
        ("Year end reminder", "Date", "Date", True, False, None),
        ("Service level", "Dropdown List", "Text", True, False, "Gold,Silver,Bronze & below"),
        ("Document folder", "Value Link", "Text", True, False, None),
        ("Engagement signed?", "Checkbox", "Boolean", True, True, None),
        ("Employees", "Number", "Number", True, False, None),
        ("Lodgement programme", "Dropdown List", "Text", False, True, "May,October,Substituted"),
        ("Promised date", "Date", "Date", False, True, None),
        ("Write-off allowed", "Decimal", "Decimal", False, True, None),
        ("Reviewer's remark", "Text", "Text", False, True, None),
    )
)
_TEXTS = {
    "Partner in charge": ("Mere Tāne", "Sam Brooks", "To be agreed"),
    "Service level": ("Gold", "Silver", "Bronze & below"),
    "Document folder": ("https://files.example/c/?id=1&view=all", "https://files.example/c/archive"),
    "Lodgement programme": ("May", "October", "Substituted"),
    "Reviewer's remark": ("Ready", "Check <depreciation> again", "Ask about Kōwhai lease & bond"),
}


def definitions(seed: str) -> list[Record]:
    """Make the account's custom-field definitions, at least one of each type."""
    return [_definition(seed, field) for field in _DEFINITIONS]


def _definition(seed: str, field: _Field) -> Record:
    return {
        "UUID": uuid_of(seed, "field", field.name),
        "Name": field.name,
        "Type": field.kind,
        "LinkUrl": "https://files.example/c/[value]" if field.kind == "Value Link" else None,
        "Options": field.options,
        "UseClient": _flag(field.on_clients),
        "UseContact": "false",
        "UseJob": _flag(field.on_jobs),
        "UseJobTask": "false",
        "UseJobCost": "false",
        "UseJobTime": "false",
        "ValueElement": field.element,
    }


def _flag(value: bool) -> str:
    return "true" if value else "false"


def values(seed: str, owner: str, position: int, definitions: Sequence[Record], today: date) -> list[Record]:
    """Make the values of the client or job (`owner`) at `position`. As in XPM, fields without a value are omitted."""
    rng = SeededRandom(seed, "values", owner, position)
    if rng.chance(0.15):
        return []
    use = "UseClient" if owner == "client" else "UseJob"
    held = [row for row in definitions if row[use] == "true" and rng.chance(0.7)]
    return [_value(rng, row, today) for row in held]


def _value(rng: SeededRandom, definition: Record, today: date) -> Record:
    name, element = definition["Name"], definition["ValueElement"]
    return {"UUID": definition["UUID"], "Name": name, element: _written(rng, name, element, today)}


def _written(rng: SeededRandom, name: str, element: str, today: date) -> str:
    match element:
        case "Decimal":  # real answers have contained thousands separators
            return f"{rng.below(9000) + 100:,}.{rng.below(100):02d}"
        case "Number":
            return str(rng.below(250))
        case "Date":
            return xpm_date(today + timedelta(days=rng.below(400) - 200))
        case "Boolean":
            return "true"
        case _:
            return rng.pick(_TEXTS.get(name, ("yes",)))
