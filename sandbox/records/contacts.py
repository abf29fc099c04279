"""Contacts: one person may be the contact of several clients, with a position at each."""

from __future__ import annotations

from sandbox.records.chance import Dice, Record, turn, uuid_of
from sandbox.records.names import FAMILY, GIVEN, ROLES


def contacts_of(seed: str, position: int) -> list[Record]:
    """The contacts of the client at `position`: its own, often the neighbour's too, the first one primary."""
    dice = Dice(seed, "contacts", position)
    if turn(position, 11, 8):
        return []
    held = [position]
    if position and dice.odds(0.4):
        held.append(position - 1)
    if position > 1 and dice.odds(0.15):
        held.append(position - 2)
    return [contact(seed, number) | _link(dice, rank) for rank, number in enumerate(held)]


def _link(dice: Dice, rank: int) -> Record:
    return {"IsPrimary": "Yes" if rank == 0 else "No", "Position": dice.perhaps(0.7, dice.one(ROLES))}


def contact(seed: str, number: int) -> Record:
    """Contact `number` as such, the same whichever client it is seen through."""
    dice = Dice(seed, "contact", number)
    given, family = dice.one(GIVEN), dice.one(FAMILY)
    return {
        "UUID": uuid_of(seed, "contact", number),
        "Name": f"{given} {family}",
        "Salutation": dice.perhaps(0.5, given),
        "Addressee": dice.perhaps(0.5, f"{given[0]} {family}"),
        "Mobile": dice.perhaps(0.7, f"0491 57{dice.below(10)} {dice.digits(3)}"),
        "Email": dice.perhaps(0.8, f"contact{number:05d}@mail.example"),
        "Phone": dice.perhaps(0.4, f"(03) 55{dice.digits(2)} {dice.digits(4)}"),
        "IsDeleted": "Yes" if turn(number, 29, 28) else "No",
    }
