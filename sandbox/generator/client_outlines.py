"""Client outlines and groups: cheap enough to make for tens of thousands of clients at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sandbox.generator.names import FAMILY, GIVEN, PLACES, TRADES
from sandbox.generator.record import Record
from sandbox.generator.seeded import SeededRandom, every_nth, uuid_of

Kind = Literal["person", "company", "trust"]
_GROUP_SIZE = 4


@dataclass(slots=True)
class ClientOutline:
    """What lists need to know of a client without generating the full record."""

    uuid: str
    name: str
    kind: Kind
    given: str
    family: str
    groups: tuple[str, ...]
    """UUIDs of the client's groups."""
    modified: datetime
    """Aware UTC. An edit of the client changes it; an edit of custom-field values does not."""
    archived: bool = False
    deleted: bool = False
    prospect: bool = False

    @property
    def listed(self) -> bool:
        """Whether `paged-list` shows this client."""
        return not (self.archived or self.deleted)


def client_outlines(seed: str, count: int, now: datetime) -> list[ClientOutline]:
    """Make `count` outlines. 1 client in 12 is archived, 1 in 30 deleted and 1 in 15 a prospect."""
    return [_outline(seed, position, now) for position in range(count)]


def _outline(seed: str, position: int, now: datetime) -> ClientOutline:
    rng = SeededRandom(seed, "client outline", position)
    kind: Kind = ("person", "company", "person", "trust", "company")[position % 5]
    given, family = rng.pick(GIVEN), rng.pick(FAMILY)
    return ClientOutline(
        uuid=uuid_of(seed, "client", position),
        name=_name(rng, kind, given, family),
        kind=kind,
        given=given,
        family=family,
        groups=() if every_nth(position, 5, 4) else (uuid_of(seed, "group", position // _GROUP_SIZE),),
        modified=now - timedelta(days=rng.below(900) + 1, seconds=rng.below(86_400)),
        archived=every_nth(position, 12, 5),
        deleted=every_nth(position, 30, 6),
        prospect=every_nth(position, 15, 7),
    )


def _name(rng: SeededRandom, kind: Kind, given: str, family: str) -> str:
    if kind == "person":
        return f"{family}, {given}"
    if kind == "trust":
        return rng.pick(
            (f"The {family} Family Trust", f"{given} {family} Trust <No. 2>", f"{family} & {family} Unit Trust")
        )
    place, trade = rng.pick(PLACES), rng.pick(TRADES)
    return rng.pick(
        (f"{place} {trade} Pty Ltd", f"{family} & Sons {trade}", f"{place} {trade} (AU) Pty Ltd", f"{given}'s {trade}")
    )


def groups(seed: str, outlines: list[ClientOutline]) -> list[Record]:
    """Make the groups of those clients, each named after its first member."""
    first: dict[str, str] = {}
    for outline in outlines:
        for uuid in outline.groups:
            first.setdefault(uuid, outline.family)
    return [_group(number, uuid, family) for number, (uuid, family) in enumerate(first.items())]


def _group(number: int, uuid: str, family: str) -> Record:
    return {
        "UUID": uuid,
        "Name": f"{family} Group {number + 1}",
        "Taxable": "Yes" if number % 3 == 0 else "No",
        "WebUrl": f"https://xpm.example/groups/{number + 1}" if number % 2 else None,
    }
