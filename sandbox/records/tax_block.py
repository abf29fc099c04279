"""The tax elements of a client, present only in practices with the tax module (AU and NZ)."""

from __future__ import annotations

from sandbox.records.chance import Dice, Record
from sandbox.records.people_and_firms import Kind

_STRUCTURES: dict[Kind, str] = {"person": "Individual", "company": "Company", "trust": "Trust"}
_NZ_RETURNS: dict[Kind, str] = {"person": "IR3", "company": "IR4", "trust": "IR6"}


def tax_block(dice: Dice, country: str, kind: Kind) -> Record:
    """The block for that country, empty elsewhere. Tax numbers come masked, as XPM sends them."""
    if country not in {"AU", "NZ"}:
        return {}
    return _common(dice, kind) | (_australia(dice) if country == "AU" else _new_zealand(dice, kind))


def _common(dice: Dice, kind: Kind) -> Record:
    registered = dice.odds(0.6)
    return {
        "TaxNumber": dice.perhaps(0.85, f"******{dice.digits(3)}"),
        "CompanyNumber": f"{dice.digits(9)}" if kind == "company" else None,
        "BusinessNumber": dice.perhaps(0.7, dice.digits(11)),
        "BranchNumber": dice.perhaps(0.1, "001"),
        "BusinessStructure": _STRUCTURES[kind],
        "BalanceMonth": dice.one(("6", "3", "June", None)),
        "PrepareGST": _yes(registered),
        "GSTRegistered": _yes(registered),
        "GSTPeriod": dice.one(("Monthly", "2 Monthly", "6 Monthly")) if registered else None,
        "GSTBasis": dice.one(("Invoice", "Payment", "Hybrid")) if registered else None,
        "ProvisionalTaxBasis": dice.perhaps(0.3, "Standard Option"),
        "ProvisionalTaxRatio": dice.perhaps(0.1, "0.42"),
    }


def _australia(dice: Dice) -> Record:
    return {
        "PrepareActivityStatement": _yes(dice.odds(0.5)),
        "PrepareTaxReturn": _yes(dice.odds(0.9)),
        "ActiveAtoClient": _yes(dice.odds(0.8)),
    }


def _new_zealand(dice: Dice, kind: Kind) -> Record:
    return {
        "SignedTaxAuthority": _yes(dice.odds(0.9)),
        "TaxAgent": dice.perhaps(0.8, "Harbour & Vale"),
        "AgencyStatus": dice.one(("With EOT", "Without EOT", "Unlinked")),
        "ReturnType": _NZ_RETURNS[kind],
    }


def _yes(value: bool) -> str:
    return "Yes" if value else "No"
