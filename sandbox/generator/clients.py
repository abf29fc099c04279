"""Full client records, as `client.api/list?detailed=true` returns them, with their contacts and tax elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.generator.client_outlines import ClientOutline, Kind
from sandbox.generator.names import (
    CLIENT_TYPES,
    COUNTRIES,
    FAMILY,
    GIVEN,
    INDUSTRIES,
    NOTE_TEXTS,
    NOTE_TITLES,
    ROLES,
    SOURCES,
    STREETS,
    TOWNS,
)
from sandbox.generator.record import Record, reference, xpm_date
from sandbox.generator.seeded import SeededRandom, days_before, every_nth, uuid_of

CLIENT_ELEMENTS = (
    "UUID", "Name", "Title", "Gender", "FirstName", "MiddleName", "LastName", "OtherName", "Email", "DateOfBirth",
    "DateOfDeath",
    "Address", "City", "Region", "PostCode", "Country",
    "PostalAddress", "PostalCity", "PostalRegion", "PostalPostCode", "PostalCountry",
    "Phone", "Fax", "Website", "ReferralSource", "ExportCode", "ClientCode", "Industry", "IsProspect",
    "IsArchived", "IsDeleted",
    "AccountManager", "JobManager", "Type", "BillingClient", "Contacts", "Notes", "Groups", "Relationships",
    "TaxNumber", "CompanyNumber", "BusinessNumber", "BranchNumber", "BusinessStructure", "BalanceMonth", "PrepareGST",
    "GSTRegistered", "GSTPeriod", "GSTBasis", "ProvisionalTaxBasis", "ProvisionalTaxRatio",
    "SignedTaxAuthority", "TaxAgent", "AgencyStatus", "ReturnType",
    "PrepareActivityStatement", "PrepareTaxReturn", "ActiveAtoClient", "WebUrl",
)  # fmt: skip
"""Every element of a client, in the order the sandbox writes them."""


@dataclass(frozen=True)
class ClientMaker:
    """Makes the client at any position from the seed alone. `outlines` are the generated ones, before any edit."""

    seed: str
    country: str
    today: date
    outlines: Sequence[ClientOutline]
    staff: Sequence[Record]
    group_names: Mapping[str, str]

    def __call__(self, position: int) -> Record:
        """Make the record at `position` with every element of `CLIENT_ELEMENTS`; empty ones are None."""
        outline = self.outlines[position]
        rng = SeededRandom(self.seed, "client", position)
        made: Record = {"UUID": outline.uuid, "Name": outline.name}
        made |= self._person(rng, outline) | self._address(rng, "") | self._address(rng, "Postal")
        made |= self._particulars(rng, position, outline)
        made["Contacts"] = _contacts_of(self.seed, position)
        made["Notes"] = [self._note(rng) for _ in range(rng.pick((0, 0, 1, 2)))]
        made["Groups"] = [reference(uuid, self.group_names[uuid]) for uuid in outline.groups]
        made["Relationships"] = self._relationships(rng, position, outline)
        made |= _tax_elements(rng, self.country, outline.kind)
        made["WebUrl"] = rng.maybe(0.6, f"https://xpm.example/client/{position + 1}")
        return {name: made.get(name) for name in CLIENT_ELEMENTS}

    def _person(self, rng: SeededRandom, outline: ClientOutline) -> Record:
        if outline.kind != "person" or self.country != "AU":
            return {}
        title, gender = rng.pick((("Mr", "Male"), ("Ms", "Female"), ("Mx", "Not stated"), ("Dr", None)))
        return {
            "Title": rng.maybe(0.6, title),
            "Gender": rng.maybe(0.7, gender),
            "FirstName": outline.given,
            "MiddleName": rng.maybe(0.3, "Te Ao"),
            "LastName": outline.family,
            "DateOfBirth": rng.maybe(0.8, xpm_date(days_before(self.today, 7_300 + rng.below(22_000)))),
        }

    def _address(self, rng: SeededRandom, prefix: str) -> Record:
        if rng.chance(0.25):
            return {}
        town, region, code = rng.pick(TOWNS[self.country if self.country in TOWNS else "AU"])
        street = f"{rng.below(240) + 1} {rng.pick(STREETS)}"
        lines = f"c/- Reception\n{street}" if rng.chance(0.2) else street
        return {
            f"{prefix}Address": lines,
            f"{prefix}City": town,
            f"{prefix}Region": region,
            f"{prefix}PostCode": code,
            f"{prefix}Country": rng.maybe(0.6, COUNTRIES.get(self.country)),
        }

    def _particulars(self, rng: SeededRandom, position: int, outline: ClientOutline) -> Record:
        kind, markup, term, payment_day = rng.pick(CLIENT_TYPES)
        billing = self.outlines[position - 1] if position and rng.chance(0.15) else None
        manager: Callable[[float], Record | None] = lambda share: rng.maybe(share, self._staff(rng))  # noqa: E731
        return {
            "Email": rng.maybe(0.7, f"client{position:05d}@mail.example"),
            "Phone": rng.maybe(0.7, f"(02) 55{rng.digits(2)} {rng.digits(4)}"),
            "Fax": rng.maybe(0.05, f"(02) 55{rng.digits(2)} {rng.digits(4)}"),
            "Website": rng.maybe(0.2, f"https://client{position:05d}.example/?from=xpm&lang=mi"),
            "ReferralSource": rng.maybe(0.3, rng.pick(SOURCES)),
            "ExportCode": rng.maybe(0.4, f"EX{position + 1:05d}"),
            "ClientCode": rng.maybe(0.8, f"{outline.family[:4].upper()}{position + 1:04d}")
            if self.country != "NZ"
            else None,
            "Industry": rng.maybe(0.4, rng.pick(INDUSTRIES)),
            "IsProspect": "Yes" if outline.prospect else "No",
            "IsArchived": "Yes" if outline.archived else "No",
            "IsDeleted": "Yes" if outline.deleted else "No",
            "AccountManager": manager(0.8),
            "JobManager": manager(0.6),
            "Type": {"Name": kind, "CostMarkup": markup, "PaymentTerm": term, "PaymentDay": payment_day},
            "BillingClient": reference(billing.uuid, billing.name) if billing else None,
        }

    def _staff(self, rng: SeededRandom) -> Record:
        member = rng.pick(self.staff)
        return reference(member["UUID"], member["Name"])

    def _note(self, rng: SeededRandom) -> Record:
        return {
            "Title": rng.pick(NOTE_TITLES),
            "Text": rng.pick(NOTE_TEXTS),
            "Folder": rng.maybe(0.5, "Correspondence"),
            "Date": f"{(self.today - timedelta(days=rng.below(1500))).isoformat()}T{rng.below(9) + 8:02d}:15:00",
            "CreatedBy": self._staff(rng)["Name"],
            "Tags": rng.maybe(0.3, "fees, follow-up"),
        }

    def _relationships(self, rng: SeededRandom, position: int, outline: ClientOutline) -> list[Record]:
        if outline.kind == "person" or position == 0:
            return []
        other = self.outlines[position - 1]
        return [
            {
                "UUID": uuid_of(self.seed, "relationship", position),
                "Type": "Shareholder" if outline.kind == "company" else "Beneficiary",
                "RelatedClient": reference(other.uuid, other.name),
                "NumberOfShares": str(rng.below(1000)),
                "Percentage": f"{rng.below(100)}.{rng.below(100):02d}",
                "StartDate": days_before(self.today, rng.below(3000)).isoformat(),
                "EndDate": rng.maybe(0.2, days_before(self.today, rng.below(300)).isoformat()),
            }
        ]


def _contacts_of(seed: str, position: int) -> list[Record]:
    """Make the contacts of the client at `position`: its own, which is primary, and some of the clients before it."""
    rng = SeededRandom(seed, "contacts", position)
    if every_nth(position, 11, 8):
        return []
    held = [position]
    if position and rng.chance(0.4):
        held.append(position - 1)
    if position > 1 and rng.chance(0.15):
        held.append(position - 2)
    return [_contact(seed, number) | _link(rng, rank) for rank, number in enumerate(held)]


def _link(rng: SeededRandom, rank: int) -> Record:
    return {"IsPrimary": "Yes" if rank == 0 else "No", "Position": rng.maybe(0.7, rng.pick(ROLES))}


def _contact(seed: str, number: int) -> Record:
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


_STRUCTURES: dict[Kind, str] = {"person": "Individual", "company": "Company", "trust": "Trust"}
_NZ_RETURNS: dict[Kind, str] = {"person": "IR3", "company": "IR4", "trust": "IR6"}


def _tax_elements(rng: SeededRandom, country: str, kind: Kind) -> Record:
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
