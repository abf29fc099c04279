"""Every version that each XPM record ever had, to check the order in which FYI stored them."""

from dataclasses import dataclass

from tests.pull.expected import read
from tests.pull.house import House
from xpm.entities.names import Entity
from xpm.entities.registry import DEFINITIONS
from xpm.store.vocabulary import ArchiveReason


@dataclass
class Versions:
    """The digests of an entity's records, by key, in the order in which the versions were made."""

    house: House
    entity: Entity

    def __post_init__(self) -> None:
        kind = DEFINITIONS[self.entity].main
        self.table, self._model, self._to_row = kind.table, kind.model, kind.row
        self.made: dict[str, list[bytes]] = {}
        self.always: set[str] = set(self.note())

    def note(self) -> dict[str, bytes]:
        """Record XPM's versions after an edit, and return them."""
        rows = [self._to_row(read(self._model, record)) for record in self.house.truth(self.entity)]
        now = {row.key: row.content_hash for row in rows}
        for key, digest in now.items():
            versions = self.made.setdefault(key, [])
            if digest not in versions:
                versions.append(digest)
        self.always = {key for key in getattr(self, "always", now) if key in now}
        return now

    def assert_nothing_was_archived_wrongly(self) -> None:
        """No record that existed all the time is archived as absent."""
        absent = {
            row[self.table.key]
            for row in self.house.rows(self.table.table.name)
            if row["archived_reason"] == ArchiveReason.ABSENT
        }
        assert absent & self.always == set()

    def assert_no_older_version_came_later(self) -> None:
        """FYI stored each record's versions in the order in which they were made."""
        changes = {change["id"]: change["record_key"] for change in self.house.rows("record_change")}
        former = sorted(self.house.rows(self.table.parts[0].before.name), key=lambda row: int(row["change_id"]))
        stored = [(changes[row["change_id"]], row["content_hash"]) for row in former]
        stored += [(row[self.table.key], row["content_hash"]) for row in self.house.rows(self.table.table.name)]
        for key, versions in self.made.items():
            order = [versions.index(digest) for of, digest in stored if of == key]
            assert order == sorted(order), key

    def assert_equals_truth(self) -> None:
        """FYI's current records are XPM's, digest by digest."""
        now = self.note()
        stored = {
            row[self.table.key]: row["content_hash"]
            for row in self.house.rows(self.table.table.name)
            if row["archived_reason"] is None
            or row["archived_reason"] in {ArchiveReason.ARCHIVED, ArchiveReason.DELETED}
        }
        assert stored == now
