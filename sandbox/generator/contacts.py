"""Contacts of clients. Several clients may share a contact, each with its own position for them."""

from __future__ import annotations

from sandbox.generator.names import FAMILY, GIVEN, ROLES
from sandbox.generator.record import Record
from sandbox.generator.seeded import SeededRandom, every_nth, uuid_of


def contacts_of(seed: str, position: int) -> list[Record]:
    """Make the contacts of the client at `position`: its own, which is primary, and some of the clients before it."""
    rng = SeededRandom(seed, "contacts", position)
    if every_nth(position, 11, 8):
        return []
    held = [position]
    if position and rng.chance(0.4):
        held.append(position - 1)
    if position > 1 and rng.chance(0.15):
        held.append(position - 2)
    return [contact(seed, number) | _link(rng, rank) for rank, number in enumerate(held)]


def _link(rng: SeededRandom, rank: int) -> Record:
    return {"IsPrimary": "Yes" if rank == 0 else "No", "Position": rng.maybe(0.7, rng.pick(ROLES))}


def contact(seed: str, number: int) -> Record:
    """Make contact `number`, without what differs between clients (`IsPrimary` and `Position`)."""
    rng = SeededRandom(seed, "contact", number)
    given, family = rng.pick(GIVEN), rng.pick(FAMILY)
    return {
        "UUID": uuid_of(seed, "contact", number),
        "Name": f"{given} {family}",
        "Salutation": rng.maybe(0.5, given),
        "Addressee": rng.maybe(0.5, f"{given[0]} {family}"),
        "Mobile": rng.maybe(0.7, f"0491 57{rng.below(10)} {rng.digits(3)}"),
        "Email": rng.maybe(0.8, f"contact{number:05d}@mail.example"),
        "Phone": rng.maybe(0.4, f"(03) 55{rng.digits(2)} {rng.digits(4)}"),
        "IsDeleted": "Yes" if every_nth(number, 29, 28) else "No",
    }
