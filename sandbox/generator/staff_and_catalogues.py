"""Staff, and the small lists: job categories, job templates and job states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sandbox.generator.names import CATEGORIES, FAMILY, GIVEN, STATES, TEMPLATES, TOWNS
from sandbox.generator.record import Record
from sandbox.generator.seeded import SeededRandom, uuid_of
from sandbox.people import XeroUser


def staff(seed: str, count: int, people: Sequence[XeroUser], domain: str) -> list[Record]:
    """Make `count` members of staff. The people who sign in to the sandbox come first, under their own names."""
    known = [_member(seed, position, person.name, person.email) for position, person in enumerate(people)]
    others = [_invented(seed, position, domain) for position in range(len(known), count)]
    return known + others


def _invented(seed: str, position: int, domain: str) -> Record:
    rng = SeededRandom(seed, "staff name", position)
    name = f"{rng.pick(GIVEN)} {rng.pick(FAMILY)}"
    email = rng.maybe(0.85, f"staff{position:03d}@{domain}")
    return _member(seed, position, name, email)


def _member(seed: str, position: int, name: str, email: str | None) -> Record:
    rng = SeededRandom(seed, "staff", position)
    town = rng.pick(TOWNS["AU"])
    return {
        "UUID": uuid_of(seed, "staff", position),
        "Name": name,
        "Email": email,
        "Phone": rng.maybe(0.6, f"(02) 55{rng.digits(2)} {rng.digits(4)}"),
        "Mobile": rng.maybe(0.7, f"0491 570 {rng.digits(3)}"),
        "Address": rng.maybe(0.4, f"{rng.below(180) + 1} Wharf Road\n{town[0]} {town[1]} {town[2]}"),
        "PayrollCode": rng.maybe(0.5, f"P{position + 1:04d}"),
        "WebUrl": rng.maybe(0.5, f"https://xpm.example/staff/{position + 1}"),
    }


def named(seed: str, kind: str, names: Iterable[str]) -> list[Record]:
    """Make a list of records with only UUID and Name."""
    return [{"UUID": uuid_of(seed, kind, name), "Name": name} for name in names]


def categories(seed: str) -> list[Record]:
    """Make the job categories."""
    return named(seed, "category", CATEGORIES)


def templates(seed: str) -> list[Record]:
    """Make the job templates."""
    return named(seed, "template", TEMPLATES)


def job_states(seed: str) -> list[Record]:
    """Make the job states."""
    return named(seed, "state", (name for name, _ in STATES))
