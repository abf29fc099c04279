"""The tax elements of a client. Only accounts with the tax module (AU and NZ) have them."""

from __future__ import annotations

from sandbox.generator.client_outlines import Kind
from sandbox.generator.record import Record
from sandbox.generator.seeded import SeededRandom

_STRUCTURES: dict[Kind, str] = {"person": "Individual", "company": "Company", "trust": "Trust"}
_NZ_RETURNS: dict[Kind, str] = {"person": "IR3", "company": "IR4", "trust": "IR6"}


def tax_block(rng: SeededRandom, country: str, kind: Kind) -> Record:
    """Make the tax elements for AU or NZ, none elsewhere. Tax numbers are masked, as XPM sends them."""
    if country not in {"AU", "NZ"}:
        return {}
    return _common(rng, kind) | (_australia(rng) if country == "AU" else _new_zealand(rng, kind))


def _common(rng: SeededRandom, kind: Kind) -> Record:
    registered = rng.chance(0.6)
    return {
        "TaxNumber": rng.maybe(0.85, f"******{rng.digits(3)}"),
        "CompanyNumber": f"{rng.digits(9)}" if kind == "company" else None,
        "BusinessNumber": rng.maybe(0.7, rng.digits(11)),
        "BranchNumber": rng.maybe(0.1, "001"),
        "BusinessStructure": _STRUCTURES[kind],
        "BalanceMonth": rng.pick(("6", "3", "June", None)),
        "PrepareGST": _yes(registered),
        "GSTRegistered": _yes(registered),
        "GSTPeriod": rng.pick(("Monthly", "2 Monthly", "6 Monthly")) if registered else None,
        "GSTBasis": rng.pick(("Invoice", "Payment", "Hybrid")) if registered else None,
        "ProvisionalTaxBasis": rng.maybe(0.3, "Standard Option"),
        "ProvisionalTaxRatio": rng.maybe(0.1, "0.42"),
    }


def _australia(rng: SeededRandom) -> Record:
    return {
        "PrepareActivityStatement": _yes(rng.chance(0.5)),
        "PrepareTaxReturn": _yes(rng.chance(0.9)),
        "ActiveAtoClient": _yes(rng.chance(0.8)),
    }


def _new_zealand(rng: SeededRandom, kind: Kind) -> Record:
    return {
        "SignedTaxAuthority": _yes(rng.chance(0.9)),
        "TaxAgent": rng.maybe(0.8, "Harbour & Vale"),
        "AgencyStatus": rng.pick(("With EOT", "Without EOT", "Unlinked")),
        "ReturnType": _NZ_RETURNS[kind],
    }


def _yes(value: bool) -> str:
    return "Yes" if value else "No"
