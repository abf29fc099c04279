"""Random but repeatable edits: what a busy afternoon in a practice does to its records."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta

from sandbox import edits
from sandbox.practice import Practice
from sandbox.records.chance import Dice, Record, day, uuid_of
from sandbox.records.names import FAMILY, GIVEN, NOTE_TEXTS, STATES, WORK


@dataclass(frozen=True)
class Done:
    """One edit that was made."""

    action: str
    entity: str
    key: str
    fields: dict[str, object] = field(default_factory=dict)


def shuffle(practice: Practice, seed: int, changes: int) -> list[dict[str, object]]:
    """Make `changes` edits of clients, jobs, staff and values; the same ones for the same seed and practice."""
    dice = Dice("shuffle", seed, practice.tenant_id)
    moves = (
        *(_change_job,) * 6, *(_change_client,) * 5, *(_change_values,) * 3, *(_add_job,) * 2,
        _add_client, _delete_job, _archive_client, _delete_client, _change_staff, _add_staff, _delete_staff,
    )  # fmt: skip
    return [asdict(dice.one(moves)(practice, dice, number)) for number in range(changes)]


def _change_job(practice: Practice, dice: Dice, number: int) -> Done:
    key = _a_job(practice, dice)
    if key is None:
        return _add_job(practice, dice, number)
    due = day(practice.clock.today() + timedelta(days=dice.below(90)))
    told: Record = dice.one(
        ({"State": dice.one(STATES)[0]}, {"Budget": f"{dice.below(90) * 100}.00"}, {"DueDate": due})
    )
    edits.change(practice, "jobs", key, told)
    return Done("change", "jobs", key, dict(told))


def _change_client(practice: Practice, dice: Dice, number: int) -> Done:
    key = _a_client(practice, dice)
    if key is None:
        return _add_client(practice, dice, number)
    renamed = f"{dice.one(FAMILY)} & {dice.one(FAMILY)} Holdings"
    told: Record = dice.one(
        ({"Phone": f"(02) 55{dice.digits(2)} {dice.digits(4)}"}, {"Name": renamed}, {"Email": None})
    )
    edits.change(practice, "clients", key, dict(told))
    return Done("change", "clients", key, dict(told))


def _change_values(practice: Practice, dice: Dice, number: int) -> Done:
    key = _a_job(practice, dice) if dice.odds(0.5) else _a_client(practice, dice)
    texts = [row for row in practice.definitions.records() if row["ValueElement"] == "Text"]
    if key is None or not texts:
        return _change_client(practice, dice, number)
    told: Record = {"UUID": dice.one(texts)["UUID"], "Text": dice.perhaps(0.8, dice.one(NOTE_TEXTS))}
    edits.change(practice, "custom_field_values", key, {"values": [told]})
    return Done("change", "custom_field_values", key, dict(told))


def _add_job(practice: Practice, dice: Dice, number: int) -> Done:
    work, category = dice.one(WORK)
    told: Record = {"UUID": _made_up(practice, dice, number), "Name": work, "Type": category, "State": STATES[0][0]}
    key = _a_client(practice, dice)
    if key is not None and (position := practice.clients.find(key)) is not None:
        client = practice.clients.record(position)
        told["Client"] = {"UUID": client["UUID"], "Name": client["Name"]}
    made = edits.add(practice, "jobs", told)
    return Done("add", "jobs", made["ID"], {"Name": work})


def _add_client(practice: Practice, dice: Dice, number: int) -> Done:
    name = f"{dice.one(FAMILY)}, {dice.one(GIVEN)}"
    made = edits.add(practice, "clients", {"UUID": _made_up(practice, dice, number), "Name": name})
    return Done("add", "clients", made["UUID"], {"Name": name})


def _add_staff(practice: Practice, dice: Dice, number: int) -> Done:
    name = f"{dice.one(GIVEN)} {dice.one(FAMILY)}"
    made = edits.add(practice, "staff", {"UUID": _made_up(practice, dice, number), "Name": name})
    return Done("add", "staff", made["UUID"], {"Name": name})


def _delete_job(practice: Practice, dice: Dice, number: int) -> Done:
    key = _a_job(practice, dice)
    return _add_job(practice, dice, number) if key is None else _deleted(practice, "jobs", key)


def _delete_client(practice: Practice, dice: Dice, number: int) -> Done:
    key = _a_client(practice, dice)
    return _add_client(practice, dice, number) if key is None else _deleted(practice, "clients", key)


def _delete_staff(practice: Practice, dice: Dice, number: int) -> Done:
    positions = practice.staff.positions()
    if len(positions) < 2:  # noqa: PLR2004 - a practice keeps somebody
        return _add_staff(practice, dice, number)
    return _deleted(practice, "staff", practice.staff.key(positions[-1]))


def _deleted(practice: Practice, entity: str, key: str) -> Done:
    edits.delete(practice, entity, key)
    return Done("delete", entity, key)


def _archive_client(practice: Practice, dice: Dice, number: int) -> Done:
    key = _a_client(practice, dice)
    if key is None:
        return _add_client(practice, dice, number)
    edits.archive(practice, key)
    return Done("archive", "clients", key)


def _change_staff(practice: Practice, dice: Dice, number: int) -> Done:
    positions = practice.staff.positions()
    if not positions:
        return _add_staff(practice, dice, number)
    key = practice.staff.key(dice.one(positions))
    told = {"Mobile": f"0491 570 {dice.digits(3)}"}
    edits.change(practice, "staff", key, dict(told))
    return Done("change", "staff", key, dict(told))


def _a_job(practice: Practice, dice: Dice) -> str | None:
    positions = practice.jobs.positions()
    return practice.jobs.key(dice.one(positions)) if positions else None


def _a_client(practice: Practice, dice: Dice) -> str | None:
    positions = practice.clients.positions(lambda outline: outline.listed)
    return practice.clients.key(dice.one(positions)) if positions else None


def _made_up(practice: Practice, dice: Dice, number: int) -> str:
    return uuid_of("shuffle", practice.tenant_id, dice.random(), number)
