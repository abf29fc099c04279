"""Tax returns as the tax feed returns them: a link and a status, not a copy of the return."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sandbox.generator.client_outlines import ClientOutline, Kind
from sandbox.generator.record import Record
from sandbox.generator.seeded import SeededRandom, uuid_of

TAX_COUNTRIES = frozenset({"AU", "NZ"})
"""Xero Tax exists only in these countries."""
RETURN_FIELDS = (
    "returnId", "clientUuid", "taxType", "year", "status", "periodFrom", "periodTo", "lodgedOn", "dueOn", "issuedOn",
    "estimatedIncome", "assessedIncome", "estimatedPayable", "assessedPayable", "webUrl",
)  # fmt: skip
_TYPES: dict[str, dict[Kind, tuple[str, ...]]] = {
    "AU": {"person": ("ITR", "AS"), "company": ("CTR", "FBT", "AS"), "trust": ("TRT", "SMSF")},
    "NZ": {"person": ("IR3",), "company": ("IR4",), "trust": ("IR6",)},
}
_STATUSES = ("Draft", "Approved", "To Sign", "Filed", "Filed", "Filed")


def tax_returns(seed: str, count: int, country: str, clients: Sequence[ClientOutline], today: date) -> list[Record]:
    """Make `count` returns over the clients and the last five years. None outside AU and NZ, or without clients."""
    if country not in TAX_COUNTRIES or not clients:
        return []
    return [_return(seed, position, country, clients, today) for position in range(count)]


def _return(seed: str, position: int, country: str, clients: Sequence[ClientOutline], today: date) -> Record:
    rng = SeededRandom(seed, "return", position)
    client = clients[position % len(clients)]
    year = today.year - 1 - position // len(clients) % 5
    tax_type = rng.pick(_TYPES[country][client.kind])
    starts, ends = _period(rng, country, tax_type, year)
    status = rng.pick(_STATUSES)
    made: Record = dict.fromkeys(RETURN_FIELDS)
    made |= {
        "returnId": uuid_of(seed, "return", position),
        "clientUuid": client.uuid,
        "taxType": tax_type,
        "year": year,
        "status": status,
        "periodFrom": starts.isoformat(),
        "periodTo": ends.isoformat(),
        "webUrl": f"https://tax.example/returns/{position + 1}?client={client.uuid}&v=1",
    }
    return made if country == "NZ" else made | _australian_particulars(rng, tax_type, status, ends, today)


def _period(rng: SeededRandom, country: str, tax_type: str, year: int) -> tuple[date, date]:
    if tax_type == "AS":
        quarter = rng.below(4)
        after = date(year + quarter // 3, (quarter * 3 + 3) % 12 + 1, 1)
        return date(year, quarter * 3 + 1, 1), after - timedelta(days=1)
    return (date(year - 1, 4, 1), date(year, 3, 31)) if country == "NZ" else (date(year - 1, 7, 1), date(year, 6, 30))


def _australian_particulars(rng: SeededRandom, tax_type: str, status: str, ends: date, today: date) -> Record:
    lodged = min(ends + timedelta(days=30 + rng.below(250)), today) if status == "Filed" else None
    assessed = lodged is not None and rng.chance(0.8)
    found: Record = {
        "lodgedOn": lodged.isoformat() if lodged else None,
        "dueOn": (ends + timedelta(days=320)).isoformat(),
        "issuedOn": (lodged + timedelta(days=14)).isoformat() if lodged and assessed else None,
    }
    return found if tax_type == "AS" else found | _amounts(rng, assessed)


def _amounts(rng: SeededRandom, assessed: bool) -> Record:
    income, payable = rng.below(400_000) + 9_000, rng.below(60_000) - 18_000
    drift = rng.pick((0, 0, 0, 12, -340))
    cents = f"{rng.below(100):02d}"
    return {
        "estimatedIncome": f"{income}.{cents}",
        "assessedIncome": f"{income + drift}.{cents}" if assessed else None,
        "estimatedPayable": f"{payable}.{cents}",
        "assessedPayable": f"{payable + drift // 4}.{cents}" if assessed else None,
    }
