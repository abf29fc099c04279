"""One XPM account and all its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from threading import RLock
from typing import Literal

from sandbox.accounts.practice_rules import PracticeRules
from sandbox.accounts.table import Table
from sandbox.accounts.time_entries import RecordedTimes
from sandbox.clock import Clock
from sandbox.generator import custom_fields, staff_and_catalogues
from sandbox.generator.client_outlines import ClientOutline, client_outlines, groups
from sandbox.generator.clients import ClientMaker
from sandbox.generator.jobs import YEARS, JobMaker, JobOutline, job_outlines
from sandbox.generator.record import Record, reference
from sandbox.generator.tax_returns import tax_returns
from sandbox.people import XeroUser

Owner = Literal["client", "job"]


class Account:
    """A tenant of type PRACTICEMANAGER and its records, generated from a seed.

    Args:
        tenant_id: the `xero-tenant-id`. It is part of the seed, so no two accounts share a UUID.
        country: an ISO code. "AU" and "NZ" have tax elements on clients, and tax returns.
        jobs, clients, staff, returns: how many of each to generate.
        years: over how many years the jobs were created.
    """

    def __init__(
        self,
        clock: Clock,
        tenant_id: str,
        name: str,
        *,
        country: str = "AU",
        jobs: int = 12,
        clients: int = 8,
        staff: int = 4,
        returns: int = 5,
        years: int = YEARS,
        seed: int = 7,
        people: Sequence[XeroUser] = (),
    ) -> None:
        self.tenant_id, self.name, self.country, self.clock = tenant_id, name, country, clock
        self.lock = RLock()
        self.names: dict[str, str] = {}
        self.rules = PracticeRules()
        self.time_entries = RecordedTimes(self.lock)
        self._seed = f"{seed}/{tenant_id}"
        self._today = clock.today()
        on_staff = [person for person in people if person.seats.get(tenant_id) and person.seats[tenant_id].on_staff]
        self._make_catalogues(max(staff, 1), on_staff)
        self._make_clients(clients)
        self._make_jobs(jobs, years)
        returns_made = tax_returns(self._seed, returns, country, self._client_outlines, self._today)
        self.tax_returns = self._plain(returns_made, key="returnId")
        self._contacts: tuple[int, list[Record]] | None = None
        self._values: dict[tuple[Owner, int], list[Record]] = {}  # by position, since a job's number can change

    def _plain(self, records: list[Record], key: str = "UUID") -> Table[None]:
        keys = [record[key] for record in records]
        return Table(self.lock, keys, [None] * len(records), records.__getitem__, self.names)

    def _make_catalogues(self, staff: int, on_staff: list[XeroUser]) -> None:
        self._staff_records = staff_and_catalogues.staff(self._seed, staff, on_staff[:staff], "harbourvale.example")
        self.staff = self._plain(self._staff_records)
        self.categories = self._plain(staff_and_catalogues.categories(self._seed))
        self.templates = self._plain(staff_and_catalogues.templates(self._seed))
        self.job_states = self._plain(staff_and_catalogues.job_states(self._seed))
        self._first_definitions = custom_fields.definitions(self._seed)
        self.definitions = self._plain(self._first_definitions)

    def _make_clients(self, count: int) -> None:
        outlines = client_outlines(self._seed, count, self.clock.now())
        made_groups = groups(self._seed, outlines)
        group_names = {group["UUID"]: group["Name"] for group in made_groups}
        maker = ClientMaker(self._seed, self.country, self._today, outlines, self._staff_records, group_names)
        self._client_outlines = outlines
        self.groups = self._plain(made_groups)
        self.clients: Table[ClientOutline] = Table(
            self.lock, [outline.uuid for outline in outlines], outlines, maker, self.names
        )

    def _make_jobs(self, count: int, years: int) -> None:
        outlines = job_outlines(self._seed, count, self._today, self._client_outlines, years)
        client_names = {outline.uuid: outline.name for outline in self._client_outlines}
        maker = JobMaker(self._seed, self._today, outlines, client_names, self._staff_records)
        self.jobs: Table[JobOutline] = Table(self.lock, [o.number for o in outlines], outlines, maker, self.names)

    @cached_property
    def catalogues(self) -> dict[str, Table[None]]:
        """The tables without outlines, by the entity's name in the control API."""
        return {
            "staff": self.staff,
            "groups": self.groups,
            "categories": self.categories,
            "templates": self.templates,
            "job_states": self.job_states,
            "custom_field_definitions": self.definitions,
            "tax_returns": self.tax_returns,
        }

    def counts(self) -> dict[str, int]:
        """Return how many records of each kind there are."""
        return {"clients": len(self.clients), "jobs": len(self.jobs)} | {
            name: len(table) for name, table in self.catalogues.items()
        }

    def group_members(self, group_uuid: str) -> list[Record]:
        """Return references to the clients in a group, in the order of the client list."""
        positions = self.clients.positions(lambda outline: group_uuid in outline.groups)
        members = (self.clients.outline(position) for position in positions)
        return [reference(member.uuid, member.name) for member in members]

    def contacts(self) -> list[Record]:
        """Return each contact of the active clients once, without deleted contacts."""
        if self._contacts is None or self._contacts[0] != self.clients.version:
            found: dict[str, Record] = {}
            version = self.clients.version
            for position in self.clients.positions(lambda outline: outline.listed):
                for contact in self.clients.record(position)["Contacts"] or []:
                    if contact.get("IsDeleted") != "Yes":
                        found.setdefault(contact["UUID"], contact)
            self._contacts = (version, list(found.values()))
        return self._contacts[1]

    def values(self, owner: Owner, position: int) -> list[Record]:
        """Return the custom-field values of the client or job at `position`."""
        with self.lock:
            kept = self._values.get((owner, position))
            if kept is None:
                kept = custom_fields.values(self._seed, owner, position, self._first_definitions, self._today)
            return [dict(value) for value in kept if self.definitions.find(value["UUID"]) is not None]

    def set_values(self, owner: Owner, position: int, values: list[Record]) -> None:
        """Replace all custom-field values of one record. As in XPM, the client's modified time does not change."""
        with self.lock:
            self._values[owner, position] = [dict(value) for value in values]

    def put_client(self, position: int, record: Record) -> None:
        """Store an edited client and set its modified time to now."""
        with self.lock:
            before = self.clients.outline(position)
            self.clients.replace(position, record, client_outline(record, self.clock.now(), before))
            if record["Name"] != before.name:
                self.rename(record["UUID"], record["Name"])

    def put_job(self, position: int, record: Record) -> None:
        """Store an edited job. Its creation date does not change."""
        with self.lock:
            created = date.fromordinal(self.jobs.outline(position).created)
            self.jobs.replace(position, record, job_outline(record, created))

    def rename(self, uuid: str, name: str) -> None:
        """Show `name` in every record that refers to `uuid`."""
        with self.lock:
            self.names[uuid] = name
            tables: list[Table[None] | Table[ClientOutline] | Table[JobOutline]] = [self.clients, self.jobs]
            for table in [*tables, *self.catalogues.values()]:
                table.drop_xml()


def client_outline(record: Record, modified: datetime, before: ClientOutline | None = None) -> ClientOutline:
    """Build the outline of a new or edited client."""
    known = before or ClientOutline(record["UUID"], "", "person", "", "", (), modified)
    return replace(
        known,
        name=record["Name"],
        modified=modified,
        groups=tuple(group["UUID"] for group in record["Groups"] or []),
        archived=record["IsArchived"] == "Yes",
        deleted=record["IsDeleted"] == "Yes",
        prospect=record["IsProspect"] == "Yes",
    )


def job_outline(record: Record, created: date) -> JobOutline:
    """Build the outline of a new or edited job."""
    client = record["Client"]
    return JobOutline(record["ID"], created.toordinal(), record["State"] or "", client["UUID"] if client else None)
