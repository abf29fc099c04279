"""Staff, and the small catalogues a practice keeps beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sandbox.people import Person
from sandbox.records.chance import Dice, Record, uuid_of
from sandbox.records.names import CATEGORIES, FAMILY, GIVEN, STATES, TEMPLATES, TOWNS


def staff(seed: str, count: int, people: Sequence[Person], domain: str) -> list[Record]:
    """`count` members of staff; the people who sign in to the sandbox come first, under their own names."""
    known = [_member(seed, position, person.name, person.email) for position, person in enumerate(people)]
    others = [_stranger(seed, position, domain) for position in range(len(known), count)]
    return known + others


def _stranger(seed: str, position: int, domain: str) -> Record:
    dice = Dice(seed, "staff name", position)
    name = f"{dice.one(GIVEN)} {dice.one(FAMILY)}"
    email = dice.perhaps(0.85, f"staff{position:03d}@{domain}")
    return _member(seed, position, name, email)


def _member(seed: str, position: int, name: str, email: str | None) -> Record:
    dice = Dice(seed, "staff", position)
    town = dice.one(TOWNS["AU"])
    return {
        "UUID": uuid_of(seed, "staff", position),
        "Name": name,
        "Email": email,
        "Phone": dice.perhaps(0.6, f"(02) 55{dice.digits(2)} {dice.digits(4)}"),
        "Mobile": dice.perhaps(0.7, f"0491 570 {dice.digits(3)}"),
        "Address": dice.perhaps(0.4, f"{dice.below(180) + 1} Wharf Road\n{town[0]} {town[1]} {town[2]}"),
        "PayrollCode": dice.perhaps(0.5, f"P{position + 1:04d}"),
        "WebUrl": dice.perhaps(0.5, f"https://xpm.example/staff/{position + 1}"),
    }


def named(seed: str, kind: str, names: Iterable[str]) -> list[Record]:
    """A catalogue of UUID and Name only: categories, templates, states."""
    return [{"UUID": uuid_of(seed, kind, name), "Name": name} for name in names]


def categories(seed: str) -> list[Record]:
    """Job categories."""
    return named(seed, "category", CATEGORIES)


def templates(seed: str) -> list[Record]:
    """Job templates."""
    return named(seed, "template", TEMPLATES)


def job_states(seed: str) -> list[Record]:
    """The practice's job states."""
    return named(seed, "state", (name for name, _ in STATES))
