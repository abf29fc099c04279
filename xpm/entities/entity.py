"""How an entity is described, as plain data: `xpm.pull` carries out its plan, and every other room looks it up."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlmodel import Session

from xpm.entities.names import Noun
from xpm.entities.prediction import PlannedPull
from xpm.entities.pushed import Pushed
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

A_QUARTER = 0.25
MOST_OF_FEW = 20  # records of a short list
SHARE_OF_MANY = 0.02  # of a long list
SHARE_LEFT = 0.5  # of an earlier count; fewer records than this is a sudden drop


class Plan(StrEnum):
    """How XPM lets an entity be read; `xpm.pull.plans` has the code for each."""

    WHOLE_LISTS = "whole lists"  # no change feed; a record that left the list was removed
    MODIFIED_SINCE = "modified since"  # one list, of changes since a moment or of everything
    CREATION_WINDOWS = "creation windows"  # a list of current records, and a list for each window of less than a year
    ONE_BY_ONE = "one by one"  # whole lists, then a call for each client and job
    TAX_SOURCE = "tax source"  # from a partner's feed or an exported file, never from XPM

    @property
    def has_changes(self) -> bool:
        """Whether a pull can ask for changes only."""
        return self in {Plan.MODIFIED_SINCE, Plan.CREATION_WINDOWS}


@dataclass(frozen=True)
class RecordKind:
    """One kind of record, as history, quarantine and dry runs know it.

    `label` is the administrator's word for several of them. `noun` is what a person types for one (`fyi-xpm history
    job`).
    """

    table: RecordTable
    label: str
    noun: Noun


def tolerated(stored: int, part: float = A_QUARTER) -> int:
    """How many of `stored` records people may have removed: one, this part of a few, or a small share of many."""
    return max(1, min(MOST_OF_FEW, int(part * stored)), int(SHARE_OF_MANY * stored))


def is_drop(before: int, now: int, tolerated: int) -> bool:
    """Whether a list has so much fewer records than there were before that Xero may not have sent everything."""
    return now < before * SHARE_LEFT and before - now > tolerated


@dataclass(frozen=True)
class ListedKind(RecordKind, Generic[M]):
    """A kind of record that comes in lists, with its model and its row.

    `endpoint` is XPM's list, which also tells how to replay a quarantined record; it is `None` for kinds that the next
    sync reads again anyway. `archived_on_request`: records that XPM calls archived are stored only if FYI already has
    them or the practice wants them. `may_vanish` is the part of a short list that people may have removed since the
    last sync; 0 if XPM's list keeps what people archive and delete, so that nothing ever leaves it.
    """

    model: type[M]
    row: RowShape
    endpoint: Endpoint[M] | None = None
    archived_on_request: bool = False
    may_vanish: float = A_QUARTER

    def tolerates(self, stored: int) -> int:
        """How many of the stored records may be missing before Xero is more likely wrong than right."""
        return tolerated(stored, self.may_vanish) if self.may_vanish else 0

    @property
    def listed_at(self) -> Endpoint[M]:
        """XPM's list of this kind. Raises ValueError if XPM has none."""
        if self.endpoint is None:
            raise ValueError(f"XPM has no list of {self.label.lower()}.")
        return self.endpoint


@dataclass(frozen=True)
class Probe:
    """The smallest call that shows whether a part of XPM can be read. `part` is the administrator's word for it."""

    endpoint: Endpoint[Any]
    part: str
    params: Callable[[date], Mapping[str, str]] = lambda _: {}


@dataclass(frozen=True)
class Outlined:
    """How FYI's current records are compared with an account's, before the practice is connected to the account."""

    label: str
    stored: Callable[[Session, str], list[Outline]]
    in_xpm: Callable[[XpmApi], list[Outline]]


@dataclass(frozen=True)
class Circumstances:
    """What decides whether an entity is left out of a sync. `by_user`: somebody asked for it who is no FYI Admin."""

    trigger: SyncTrigger
    practice: Practice
    settings: IntegrationSettings
    has_tax_source: bool
    by_user: bool


def never(_: Circumstances) -> None:
    """Never leave the entity out."""


@dataclass(frozen=True)
class Definition:
    """Everything the product knows about one entity.

    `accompanying` are lists that are read with `main`; a run does not count their records. `parts` are kinds of records
    that arrive inside others. `calls` predicts how many calls a pull makes (`None`: unknown). `left_out` returns the
    words key of the reason why a sync leaves the entity out. `values_of` are the entities whose values this one
    compares. `pushed` is what people may edit in FYI.
    """

    button: str
    main: ListedKind[Any]
    plan: Plan
    calls: Callable[[PlannedPull], int | None]
    accompanying: tuple[ListedKind[Any], ...] = ()
    parts: tuple[RecordKind, ...] = ()
    probes: tuple[Probe, ...] = ()
    left_out: Callable[[Circumstances], str | None] = never
    outlined: Outlined | None = None
    overnight: CallPriority = CallPriority.OVERNIGHT
    values_of: tuple["Definition", ...] = field(default=())
    pushed: Pushed | None = None

    @property
    def kinds(self) -> tuple[RecordKind, ...]:
        """Every kind of record that the entity brings."""
        return (*self.lists, *self.parts)

    @property
    def lists(self) -> tuple[ListedKind[Any], ...]:
        """The kinds of record that come in lists: its own, then those that accompany it."""
        return (self.main, *self.accompanying)

    @property
    def listed(self) -> tuple[ListedKind[Any], ...]:
        """The kinds that XPM lists, in the order in which they are replayed."""
        return tuple(kind for kind in self.lists if kind.endpoint)

    @property
    def scope(self) -> str | None:
        """The narrowest scope that surely covers the entity's own list; `None` if XPM documents none."""
        return self.main.endpoint.scope if self.main.endpoint else None

    @property
    def counts_answers(self) -> bool:
        """Whether progress counts Xero's answers instead of records."""
        return self.plan is Plan.ONE_BY_ONE


def outlines(listed: Iterable[Any]) -> list[Outline]:
    """The outlines of XPM's records. An unreadable record is included, and matches nothing in FYI."""
    return [
        Outline(None, None)
        if isinstance(record, Unreadable)
        else Outline(record.uuid, record.name, getattr(record, "start_date", None))
        for record in listed
    ]
