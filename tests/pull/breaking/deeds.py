"""What people do in XPM while FYI reads: random edits of every kind of record, reproducible from the same dice."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from sandbox.accounts import edits
from sandbox.accounts.account import Account
from sandbox.accounts.table import Table

STATES = ("Planned", "In Progress", "Completed")
Deed = Callable[[Account, Random], None]


def edit(practice: Account, dice: Random, count: int = 1) -> None:
    """Make `count` random edits."""
    for _ in range(count):
        dice.choice(DEEDS)(practice, dice)


def a_key(table: Table[Any], dice: Random) -> str | None:
    """The key of a random record."""
    positions = table.positions()
    return table.key(dice.choice(positions)) if positions else None


def some_text(dice: Random) -> str:
    """A text that is different each time, with difficult characters."""
    return f"Kōwhai & Sons <{dice.getrandbits(40):010x}>"


def add_job(practice: Account, dice: Random) -> None:
    """Add a job, for a client if there is one."""
    content: dict[str, Any] = {"UUID": _uuid(dice), "Name": some_text(dice), "State": dice.choice(STATES)}
    if client := a_key(practice.clients, dice):
        content["Client"] = {"UUID": client, "Name": _name(practice.clients, client)}
    edits.add(practice, "jobs", content)


def change_job(practice: Account, dice: Random) -> None:
    """Move a job to another state, or correct one of its fields."""
    if job := a_key(practice.jobs, dice):
        content = dice.choice(({"State": dice.choice(STATES)}, {"Name": some_text(dice)}, {"Budget": _amount(dice)}))
        edits.change(practice, "jobs", job, content)


def delete_job(practice: Account, dice: Random) -> None:
    """Delete a job unless it is the last, and now and then add a new one with the same number."""
    if len(practice.jobs) > 1 and (job := a_key(practice.jobs, dice)):
        edits.delete(practice, "jobs", job)
        if dice.random() < 0.3:
            edits.add(practice, "jobs", {"ID": job, "UUID": _uuid(dice), "Name": some_text(dice), "State": STATES[0]})


def add_client(practice: Account, dice: Random) -> None:
    """Add a client, in a group if there is one."""
    content: dict[str, Any] = {"UUID": _uuid(dice), "Name": some_text(dice)}
    if group := a_key(practice.groups, dice):
        content["Groups"] = [{"UUID": group, "Name": _name(practice.groups, group)}]
    edits.add(practice, "clients", content)


def change_client(practice: Account, dice: Random) -> None:
    """Change a client's details."""
    if client := a_key(practice.clients, dice):
        content: dict[str, Any] = dice.choice(
            ({"Phone": f"(02) 5550 {dice.randrange(10_000):04}"}, {"Name": some_text(dice)}, {"Groups": []})
        )
        edits.change(practice, "clients", client, content)


def archive_client(practice: Account, dice: Random) -> None:
    """Archive a client, or bring it back."""
    if client := a_key(practice.clients, dice):
        edits.change(practice, "clients", client, {"IsArchived": dice.choice(("Yes", "No"))})


def delete_client(practice: Account, dice: Random) -> None:
    """Delete a client, which XPM shows by a flag."""
    if client := a_key(practice.clients, dice):
        edits.delete(practice, "clients", client)


def change_values(practice: Account, dice: Random) -> None:
    """Give a custom field of a client or job another value, or none."""
    owner = a_key(dice.choice((practice.clients, practice.jobs)), dice)
    texts = [one["UUID"] for one in practice.definitions.records() if one["ValueElement"] == "Text"]
    if owner and texts:
        value = {"UUID": dice.choice(texts), "Text": dice.choice((None, some_text(dice)))}
        edits.change(practice, "custom_field_values", owner, {"values": [value]})


def change_tax_return(practice: Account, dice: Random) -> None:
    """Lodge a tax return."""
    if key := a_key(practice.tax_returns, dice):
        edits.change(practice, "tax_returns", key, {"status": dice.choice(("Draft", "Approved", "Filed"))})


def add_tax_return(practice: Account, dice: Random) -> None:
    """Add a tax return."""
    if client := a_key(practice.clients, dice):
        content = {"returnId": _uuid(dice), "clientUuid": client, "taxType": "ITR", "year": 2025, "status": "Draft"}
        edits.add(practice, "tax_returns", content)


def adding(entity: str) -> Deed:
    """The edit that adds a record with little more than a name."""

    def add(practice: Account, dice: Random) -> None:
        edits.add(practice, entity, {"UUID": _uuid(dice), "Name": some_text(dice)})

    return add


def renaming(entity: str) -> Deed:
    """The edit that renames a record. Every reference to it then shows the new name."""

    def rename(practice: Account, dice: Random) -> None:
        if key := a_key(practice.catalogues[entity], dice):
            edits.change(practice, entity, key, {"Name": some_text(dice)})

    return rename


def deleting(entity: str) -> Deed:
    """The edit that deletes a record, unless it is the last: an empty list would archive nothing."""

    def delete(practice: Account, dice: Random) -> None:
        if len(practice.catalogues[entity]) > 1 and (key := a_key(practice.catalogues[entity], dice)):
            edits.delete(practice, entity, key)

    return delete


CATALOGUES: Sequence[Deed] = [
    does(entity)
    for entity in ("staff", "groups", "categories", "custom_field_definitions")
    for does in (renaming, deleting)
]
DEEDS: Sequence[Deed] = (
    *(change_job,) * 5, *(change_client,) * 4, *(change_values,) * 3, *(add_job, add_client, delete_job) * 2,
    archive_client, delete_client, change_tax_return, add_tax_return, deleting("tax_returns"),
    adding("staff"), adding("groups"), adding("categories"), *CATALOGUES,
)  # fmt: skip


def _uuid(dice: Random) -> str:
    text = f"{dice.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _amount(dice: Random) -> str:
    return f"{dice.randrange(10**6)}.{dice.randrange(100):02}"


def _name(table: Table[Any], key: str) -> str:
    position = table.find(key)
    assert position is not None
    return str(table.record(position)["Name"])
