"""Random but repeatable edits, like a busy afternoon in a practice."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta

from sandbox.accounts import edits
from sandbox.accounts.account import Account
from sandbox.generator.names import FAMILY, GIVEN, NOTE_TEXTS, STATES, WORK
from sandbox.generator.record import Record, xpm_date
from sandbox.generator.seeded import SeededRandom, uuid_of


@dataclass(frozen=True)
class Done:
    """One edit that was made."""

    action: str
    entity: str
    key: str
    fields: dict[str, object] = field(default_factory=dict)


def make_random_edits(account: Account, seed: int, changes: int) -> list[dict[str, object]]:
    """Make `changes` edits of clients, jobs, staff and custom-field values, and return them.

    The same seed and account give the same edits.
    """
    rng = SeededRandom("shuffle", seed, account.tenant_id)
    kinds = (
        *(_change_job,) * 6, *(_change_client,) * 5, *(_change_values,) * 3, *(_add_job,) * 2,
        _add_client, _delete_job, _archive_client, _delete_client, _change_staff, _add_staff, _delete_staff,
    )  # fmt: skip
    return [asdict(rng.pick(kinds)(account, rng, number)) for number in range(changes)]


def _change_job(account: Account, rng: SeededRandom, number: int) -> Done:
    key = _a_job(account, rng)
    if key is None:
        return _add_job(account, rng, number)
    due = xpm_date(account.clock.today() + timedelta(days=rng.below(90)))
    fields: Record = rng.pick(
        ({"State": rng.pick(STATES)[0]}, {"Budget": f"{rng.below(90) * 100}.00"}, {"DueDate": due})
    )
    edits.change(account, "jobs", key, fields)
    return Done("change", "jobs", key, dict(fields))


def _change_client(account: Account, rng: SeededRandom, number: int) -> Done:
    key = _a_client(account, rng)
    if key is None:
        return _add_client(account, rng, number)
    renamed = f"{rng.pick(FAMILY)} & {rng.pick(FAMILY)} Holdings"
    fields: Record = rng.pick(
        ({"Phone": f"(02) 55{rng.digits(2)} {rng.digits(4)}"}, {"Name": renamed}, {"Email": None})
    )
    edits.change(account, "clients", key, dict(fields))
    return Done("change", "clients", key, dict(fields))


def _change_values(account: Account, rng: SeededRandom, number: int) -> Done:
    key = _a_job(account, rng) if rng.chance(0.5) else _a_client(account, rng)
    texts = [row for row in account.definitions.records() if row["ValueElement"] == "Text"]
    if key is None or not texts:
        return _change_client(account, rng, number)
    fields: Record = {"UUID": rng.pick(texts)["UUID"], "Text": rng.maybe(0.8, rng.pick(NOTE_TEXTS))}
    edits.change(account, "custom_field_values", key, {"values": [fields]})
    return Done("change", "custom_field_values", key, dict(fields))


def _add_job(account: Account, rng: SeededRandom, number: int) -> Done:
    work, category = rng.pick(WORK)
    fields: Record = {"UUID": _new_uuid(account, rng, number), "Name": work, "Type": category, "State": STATES[0][0]}
    key = _a_client(account, rng)
    if key is not None and (position := account.clients.find(key)) is not None:
        client = account.clients.record(position)
        fields["Client"] = {"UUID": client["UUID"], "Name": client["Name"]}
    made = edits.add(account, "jobs", fields)
    return Done("add", "jobs", made["ID"], {"Name": work})


def _add_client(account: Account, rng: SeededRandom, number: int) -> Done:
    name = f"{rng.pick(FAMILY)}, {rng.pick(GIVEN)}"
    made = edits.add(account, "clients", {"UUID": _new_uuid(account, rng, number), "Name": name})
    return Done("add", "clients", made["UUID"], {"Name": name})


def _add_staff(account: Account, rng: SeededRandom, number: int) -> Done:
    name = f"{rng.pick(GIVEN)} {rng.pick(FAMILY)}"
    made = edits.add(account, "staff", {"UUID": _new_uuid(account, rng, number), "Name": name})
    return Done("add", "staff", made["UUID"], {"Name": name})


def _delete_job(account: Account, rng: SeededRandom, number: int) -> Done:
    key = _a_job(account, rng)
    return _add_job(account, rng, number) if key is None else _deleted(account, "jobs", key)


def _delete_client(account: Account, rng: SeededRandom, number: int) -> Done:
    key = _a_client(account, rng)
    return _add_client(account, rng, number) if key is None else _deleted(account, "clients", key)


def _delete_staff(account: Account, rng: SeededRandom, number: int) -> Done:
    positions = account.staff.positions()
    if len(positions) < 2:  # noqa: PLR2004 - never delete the last member of staff
        return _add_staff(account, rng, number)
    return _deleted(account, "staff", account.staff.key(positions[-1]))


def _deleted(account: Account, entity: str, key: str) -> Done:
    edits.delete(account, entity, key)
    return Done("delete", entity, key)


def _archive_client(account: Account, rng: SeededRandom, number: int) -> Done:
    key = _a_client(account, rng)
    if key is None:
        return _add_client(account, rng, number)
    edits.archive(account, key)
    return Done("archive", "clients", key)


def _change_staff(account: Account, rng: SeededRandom, number: int) -> Done:
    positions = account.staff.positions()
    if not positions:
        return _add_staff(account, rng, number)
    key = account.staff.key(rng.pick(positions))
    fields = {"Mobile": f"0491 570 {rng.digits(3)}"}
    edits.change(account, "staff", key, dict(fields))
    return Done("change", "staff", key, dict(fields))


def _a_job(account: Account, rng: SeededRandom) -> str | None:
    positions = account.jobs.positions()
    return account.jobs.key(rng.pick(positions)) if positions else None


def _a_client(account: Account, rng: SeededRandom) -> str | None:
    positions = account.clients.positions(lambda outline: outline.listed)
    return account.clients.key(rng.pick(positions)) if positions else None


def _new_uuid(account: Account, rng: SeededRandom, number: int) -> str:
    return uuid_of("shuffle", account.tenant_id, rng.random(), number)
