"""Custom fields: definitions of every type, and the values clients and jobs hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sandbox.records.chance import Dice, Record, day, uuid_of

# name, type as shown, value element, used on clients, used on jobs, options
_DEFINITIONS: tuple[tuple[str, str, str, bool, bool, str | None], ...] = (
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
_TEXTS = {
    "Partner in charge": ("Mere Tāne", "Sam Brooks", "To be agreed"),
    "Service level": ("Gold", "Silver", "Bronze & below"),
    "Document folder": ("https://files.example/c/?id=1&view=all", "https://files.example/c/archive"),
    "Lodgement programme": ("May", "October", "Substituted"),
    "Reviewer's remark": ("Ready", "Check <depreciation> again", "Ask about Kōwhai lease & bond"),
}


def definitions(seed: str) -> list[Record]:
    """The practice's custom-field definitions, one of each type at least."""
    return [_definition(seed, *row) for row in _DEFINITIONS]


def _definition(
    seed: str, name: str, kind: str, element: str, on_clients: bool, on_jobs: bool, options: str | None
) -> Record:
    return {
        "UUID": uuid_of(seed, "field", name),
        "Name": name,
        "Type": kind,
        "LinkUrl": "https://files.example/c/[value]" if kind == "Value Link" else None,
        "Options": options,
        "UseClient": _flag(on_clients),
        "UseContact": "false",
        "UseJob": _flag(on_jobs),
        "UseJobTask": "false",
        "UseJobCost": "false",
        "UseJobTime": "false",
        "ValueElement": element,
    }


def _flag(value: bool) -> str:
    return "true" if value else "false"


def values(seed: str, owner: str, position: int, definitions: Sequence[Record], today: date) -> list[Record]:
    """What the client or job (`owner`) at `position` holds; a field without a value is left out, as XPM does."""
    dice = Dice(seed, "values", owner, position)
    if dice.odds(0.15):
        return []
    use = "UseClient" if owner == "client" else "UseJob"
    held = [row for row in definitions if row[use] == "true" and dice.odds(0.7)]
    return [_value(dice, row, today) for row in held]


def _value(dice: Dice, definition: Record, today: date) -> Record:
    element = definition["ValueElement"]
    written = {
        "Text": lambda: dice.one(_TEXTS.get(definition["Name"], ("yes",))),
        "Decimal": lambda: f"{dice.below(9000) + 100:,}.{dice.below(100):02d}",
        "Number": lambda: str(dice.below(250)),
        "Date": lambda: day(today + timedelta(days=dice.below(400) - 200)),
        "Boolean": lambda: "true",
    }[element]()
    return {"UUID": definition["UUID"], "Name": definition["Name"], element: written}
