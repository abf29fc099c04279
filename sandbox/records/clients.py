"""Whole client records in the shape of `client.api/list?detailed=true`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.records.chance import Dice, Record, day, days_before, reference, uuid_of
from sandbox.records.contacts import contacts_of
from sandbox.records.names import CLIENT_TYPES, COUNTRIES, INDUSTRIES, NOTE_TEXTS, NOTE_TITLES, SOURCES, STREETS, TOWNS
from sandbox.records.people_and_firms import ClientOutline
from sandbox.records.tax_block import tax_block

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
"""Every element a client may have, in the order the sandbox writes them."""


@dataclass(frozen=True)
class ClientMaker:
    """Makes the client at any position from the seed alone; `outlines` are those of the beginning, not edited ones."""

    seed: str
    country: str
    today: date
    outlines: Sequence[ClientOutline]
    staff: Sequence[Record]
    group_names: Mapping[str, str]

    def __call__(self, position: int) -> Record:
        """The record at `position` with every element of `CLIENT_ELEMENTS`, None where it has no value."""
        outline = self.outlines[position]
        dice = Dice(self.seed, "client", position)
        made: Record = {"UUID": outline.uuid, "Name": outline.name}
        made |= self._person(dice, outline) | self._address(dice, "") | self._address(dice, "Postal")
        made |= self._particulars(dice, position, outline)
        made["Contacts"] = contacts_of(self.seed, position)
        made["Notes"] = [self._note(dice) for _ in range(dice.one((0, 0, 1, 2)))]
        made["Groups"] = [reference(uuid, self.group_names[uuid]) for uuid in outline.groups]
        made["Relationships"] = self._relationships(dice, position, outline)
        made |= tax_block(dice, self.country, outline.kind)
        made["WebUrl"] = dice.perhaps(0.6, f"https://xpm.example/client/{position + 1}")
        return {name: made.get(name) for name in CLIENT_ELEMENTS}

    def _person(self, dice: Dice, outline: ClientOutline) -> Record:
        if outline.kind != "person" or self.country != "AU":
            return {}
        title, gender = dice.one((("Mr", "Male"), ("Ms", "Female"), ("Mx", "Not stated"), ("Dr", None)))
        return {
            "Title": dice.perhaps(0.6, title),
            "Gender": dice.perhaps(0.7, gender),
            "FirstName": outline.given,
            "MiddleName": dice.perhaps(0.3, "Te Ao"),
            "LastName": outline.family,
            "DateOfBirth": dice.perhaps(0.8, day(days_before(self.today, 7_300 + dice.below(22_000)))),
        }

    def _address(self, dice: Dice, prefix: str) -> Record:
        if dice.odds(0.25):
            return {}
        town, region, code = dice.one(TOWNS[self.country if self.country in TOWNS else "AU"])
        street = f"{dice.below(240) + 1} {dice.one(STREETS)}"
        lines = f"c/- Reception\n{street}" if dice.odds(0.2) else street
        return {
            f"{prefix}Address": lines,
            f"{prefix}City": town,
            f"{prefix}Region": region,
            f"{prefix}PostCode": code,
            f"{prefix}Country": dice.perhaps(0.6, COUNTRIES.get(self.country)),
        }

    def _particulars(self, dice: Dice, position: int, outline: ClientOutline) -> Record:
        kind, markup, term, payment_day = dice.one(CLIENT_TYPES)
        billing = self.outlines[position - 1] if position and dice.odds(0.15) else None
        manager: Callable[[float], Record | None] = lambda share: dice.perhaps(share, self._staff(dice))  # noqa: E731
        return {
            "Email": dice.perhaps(0.7, f"client{position:05d}@mail.example"),
            "Phone": dice.perhaps(0.7, f"(02) 55{dice.digits(2)} {dice.digits(4)}"),
            "Fax": dice.perhaps(0.05, f"(02) 55{dice.digits(2)} {dice.digits(4)}"),
            "Website": dice.perhaps(0.2, f"https://client{position:05d}.example/?from=xpm&lang=mi"),
            "ReferralSource": dice.perhaps(0.3, dice.one(SOURCES)),
            "ExportCode": dice.perhaps(0.4, f"EX{position + 1:05d}"),
            "ClientCode": dice.perhaps(0.8, f"{outline.family[:4].upper()}{position + 1:04d}")
            if self.country != "NZ"
            else None,
            "Industry": dice.perhaps(0.4, dice.one(INDUSTRIES)),
            "IsProspect": "Yes" if outline.prospect else "No",
            "IsArchived": "Yes" if outline.archived else "No",
            "IsDeleted": "Yes" if outline.deleted else "No",
            "AccountManager": manager(0.8),
            "JobManager": manager(0.6),
            "Type": {"Name": kind, "CostMarkup": markup, "PaymentTerm": term, "PaymentDay": payment_day},
            "BillingClient": reference(billing.uuid, billing.name) if billing else None,
        }

    def _staff(self, dice: Dice) -> Record:
        member = dice.one(self.staff)
        return reference(member["UUID"], member["Name"])

    def _note(self, dice: Dice) -> Record:
        return {
            "Title": dice.one(NOTE_TITLES),
            "Text": dice.one(NOTE_TEXTS),
            "Folder": dice.perhaps(0.5, "Correspondence"),
            "Date": f"{(self.today - timedelta(days=dice.below(1500))).isoformat()}T{dice.below(9) + 8:02d}:15:00",
            "CreatedBy": self._staff(dice)["Name"],
            "Tags": dice.perhaps(0.3, "fees, follow-up"),
        }

    def _relationships(self, dice: Dice, position: int, outline: ClientOutline) -> list[Record]:
        if outline.kind == "person" or position == 0:
            return []
        other = self.outlines[position - 1]
        return [
            {
                "UUID": uuid_of(self.seed, "relationship", position),
                "Type": "Shareholder" if outline.kind == "company" else "Beneficiary",
                "RelatedClient": reference(other.uuid, other.name),
                "NumberOfShares": str(dice.below(1000)),
                "Percentage": f"{dice.below(100)}.{dice.below(100):02d}",
                "StartDate": days_before(self.today, dice.below(3000)).isoformat(),
                "EndDate": dice.perhaps(0.2, days_before(self.today, dice.below(300)).isoformat()),
            }
        ]
