"""How an entity is described. All of it is data: `xpm.pull` carries a plan out, and every other room asks."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlmodel import Session

from xpm.entities.names import Noun
from xpm.entities.prediction import PlannedPull
from xpm.entities.row import RowShape
from xpm.store.records.kinds import RecordTable
from xpm.store.records.outlines import Outline
from xpm.store.tables import IntegrationSettings, Practice
from xpm.store.vocabulary import CallPriority, SyncTrigger
from xpm.xero.api import XpmApi
from xpm.xero.endpoints import Endpoint
from xpm.xero.models import XpmRecord
from xpm.xero.records import Unreadable

M = TypeVar("M", bound=XpmRecord)


class Plan(StrEnum):
    """How XPM lets an entity be read; `xpm.pull.plans` has the code for each."""

    WHOLE_LISTS = "whole lists"  # there is no change feed; what left the list was removed
    MODIFIED_SINCE = "modified since"  # a list of what changed since a moment, or of everything
    CREATION_WINDOWS = "creation windows"  # a list of current records, and of those created in a window under a year
    ONE_BY_ONE = "one by one"  # whole lists, then a call for each client and job
    TAX_SOURCE = "tax source"  # not from XPM: a partner's feed or an exported file

    @property
    def has_changes(self) -> bool:
        """Whether a pull can ask for changes only."""
        return self in {Plan.MODIFIED_SINCE, Plan.CREATION_WINDOWS}


@dataclass(frozen=True)
class RecordKind:
    """One kind of record, as history, quarantine and dry runs know it.

    `label` is what an administrator calls several of them, `noun` what a person types for one (`fyi-xpm history job`).
    """

    table: RecordTable
    label: str
    noun: Noun


@dataclass(frozen=True)
class ListedKind(RecordKind, Generic[M]):
    """A kind of record that comes in lists, with its model and its row.

    `endpoint` is XPM's list of it, by which a record that was set aside is read again; `None` for what the next sync
    reads anyway. `archived_on_request`: what XPM calls archived stays away unless FYI has it or the practice wants it.
    """

    model: type[M]
    row: RowShape
    endpoint: Endpoint[M] | None = None
    archived_on_request: bool = False

    @property
    def listed_at(self) -> Endpoint[M]:
        """XPM's list of it. Raises ValueError where XPM has none."""
        if self.endpoint is None:
            raise ValueError(f"XPM has no list of {self.label.lower()}.")
        return self.endpoint


@dataclass(frozen=True)
class Probe:
    """The smallest call that shows whether a part of XPM can be read; `part` is what an administrator calls it."""

    endpoint: Endpoint[Any]
    part: str
    params: Callable[[date], Mapping[str, str]] = lambda _: {}


@dataclass(frozen=True)
class Outlined:
    """How FYI's current records and an account's are compared before a practice is connected to it."""

    label: str
    stored: Callable[[Session, str], list[Outline]]
    in_xpm: Callable[[XpmApi], list[Outline]]


@dataclass(frozen=True)
class Circumstances:
    """What decides whether an entity is left out of a sync."""

    trigger: SyncTrigger
    practice: Practice
    settings: IntegrationSettings
    has_tax_source: bool


def never(_: Circumstances) -> None:
    """Leave the entity out of no sync."""


@dataclass(frozen=True)
class Definition:
    """Everything the product knows about one entity.

    `beside` are lists that only accompany `main`, whose records a run does not count; `parts` are kinds of records that
    come with others. `calls` predicts how often a pull asks Xero (`None`: unknown). `left_out` gives the words key of
    the reason why a sync leaves the entity out. `values_of` are the entities whose values this one compares.
    """

    button: str
    main: ListedKind[Any]
    plan: Plan
    calls: Callable[[PlannedPull], int | None]
    beside: tuple[ListedKind[Any], ...] = ()
    parts: tuple[RecordKind, ...] = ()
    probes: tuple[Probe, ...] = ()
    left_out: Callable[[Circumstances], str | None] = never
    outlined: Outlined | None = None
    overnight: CallPriority = CallPriority.OVERNIGHT
    values_of: tuple["Definition", ...] = field(default=())

    @property
    def kinds(self) -> tuple[RecordKind, ...]:
        """Every kind of record it brings."""
        return (self.main, *self.beside, *self.parts)

    @property
    def listed(self) -> tuple[ListedKind[Any], ...]:
        """The kinds that XPM lists, in the order in which they are read again."""
        return tuple(kind for kind in (self.main, *self.beside) if kind.endpoint)

    @property
    def counts_answers(self) -> bool:
        """Whether progress is counted in Xero's answers instead of records."""
        return self.plan is Plan.ONE_BY_ONE


def outlines(listed: Iterable[Any]) -> list[Outline]:
    """The outlines of XPM's records; what cannot be read is there, and like nothing that FYI has."""
    return [
        Outline(None, None)
        if isinstance(record, Unreadable)
        else Outline(record.uuid, record.name, getattr(record, "start_date", None))
        for record in listed
    ]
