"""Pulls the values of custom fields, which XPM gives for one record per call.

XPM's modification time does not move when only a value changes (FYI: "XPM Synchronisation Types"), so no list tells
whose values to read. A run reads records that were never compared, then those that changed since, then those compared
longest ago, as many as its allowance permits. A retry skips what the earlier run compared.
"""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice

from xpm.entities.custom_fields import VALUES, Values, allowance, may_be_read, read_values
from xpm.pull.plans.single_records import are_too_many, set_apart
from xpm.pull.work import Work
from xpm.store.pull.comparisons import NOT_URGENT, Due
from xpm.store.pull.runs import RunCounts
from xpm.store.records.rows import RecordRow
from xpm.store.vocabulary import OwnerKind, SyncMode
from xpm.xero.errors import RecordGone, XeroError
from xpm.xero.records import Cost, Unreadable

BATCH = 100  # owners in one transaction; a killed run loses at most this many calls

Owner = tuple[OwnerKind, Due]
"""The record that has the values."""


@dataclass(frozen=True)
class ValuesCompared:
    """How many clients and jobs now have XPM's values, `done` of `of`, and how many of these were `different`.

    `of` counts only the new and changed ones if no other was to be compared (`changes_only`), and only the chosen ones
    if records were `chosen`; `unknown` names those that are no current client or job in FYI or in XPM. `earlier` of the
    `done` were compared before this run, and not again.
    """

    done: int
    of: int
    different: int
    chosen: bool = False
    unknown: tuple[str, ...] = ()
    changes_only: bool = False
    earlier: int = 0


def pull_values(work: Work) -> ValuesCompared:
    """Pull the values of as many clients and jobs as one run may ask for, in parallel.

    Raises:
        XeroError: Xero stopped answering. Values stored before that stay, with the time they were compared.
    """
    owners = owners_to_compare(work)
    waiting = [(kind, owner) for owner, kind in owners if not _is_compared(work, owner)]
    earlier = len(owners) - len(waiting)
    compared, different = earlier, 0
    spent = earlier if work.goes_on_from else 0  # a run and its retries share one allowance
    due = iter(waiting[: max(0, allowance(work.integration.settings.xero_calls_per_day) - spent)])
    gone: set[Owner] = set()
    with work.batch() as batch:
        for values in VALUES.values():
            batch.dismiss_ownerless(values.table.name, values.owners)
    with ThreadPoolExecutor(work.integration.settings.xero_max_concurrent) as pool:
        while some := list(islice(due, BATCH)):
            asked_at = work.integration.clock()  # records that change after this are compared again
            arriving = zip((kind for kind, _ in some), pool.map(partial(_read, work), some), strict=False)
            answers, error = _answers(arriving, partial(_is_answered, work))
            stored = _store(work, some[: len(answers)], answers, asked_at)
            if error:
                pool.shutdown(cancel_futures=True)  # otherwise every waiting call is made before the run ends
                raise error
            compared, different = compared + stored.compared, different + stored.different
            gone.update(owner for owner, answer in zip(some, answers, strict=True) if answer.values is None)
    chosen = work.request.records
    known = [*waiting, *_not_covered(work)] if chosen else waiting
    of = len(owners) + len(_unknown(chosen, known))
    unknown = _unknown(chosen, [owner for owner in known if owner not in gone])
    changes_only = work.request.mode is SyncMode.CHANGES and not chosen
    return ValuesCompared(compared, of, different, bool(chosen), unknown, changes_only, earlier)


def values_not_covered(work: Work) -> dict[OwnerKind, Values]:
    """The values that the scopes of the consent do not cover. They are not asked for, and stay as they are."""
    return {kind: values for kind, values in VALUES.items() if not may_be_read(values, work.access.scopes)}


def _not_covered(work: Work) -> list[Owner]:
    return [
        (kind, owner)
        for kind, values in values_not_covered(work).items()
        for owner in work.due(kind, values.owners, changes_only=False)
    ]


def owners_to_compare(work: Work) -> list[tuple[Due, OwnerKind]]:
    """Whose values to compare, the most urgent first, as far as the scopes cover them.

    Changes only: records never compared, or changed since. Chosen records are always compared, because XPM does not
    show when only a value has changed.
    """
    chosen = {record.casefold() for record in work.request.records}
    changes_only = work.request.mode is SyncMode.CHANGES and not chosen
    due = [
        (owner, kind)
        for kind, values in VALUES.items()
        if may_be_read(values, work.access.scopes)
        for owner in work.due(kind, values.owners, changes_only=changes_only)
        if not chosen or chosen & _names(owner)
    ]
    return sorted(due, key=lambda one: _urgency(one[0]))


def _is_compared(work: Work, owner: Due) -> bool:
    """Whether these values were compared before, by the run that this one retries or else lately enough.

    Chosen records are always asked for.
    """
    if work.values_since is None or owner.compared_at is None or work.request.records:
        return False
    return owner.urgency == NOT_URGENT and owner.compared_at >= work.values_since


def _urgency(owner: Due) -> tuple[int, datetime]:
    """The sort key that puts the most urgent owners first."""
    return owner.urgency, owner.compared_at or datetime.min.replace(tzinfo=UTC)


def _names(owner: Due) -> set[str]:
    """What a person may type for it: its number or its key, in any letter case."""
    return {owner.number.casefold(), owner.key.casefold()}


def _unknown(chosen: Collection[str], found: Collection[Owner]) -> tuple[str, ...]:
    """The chosen records that are not among the owners found, as the person wrote them."""
    known = {name for _, owner in found for name in _names(owner)}
    return tuple(record for record in dict.fromkeys(chosen) if record.casefold() not in known)


@dataclass(frozen=True)
class _Answer:
    """An owner's values and what the call cost.

    `values` is `None` if the owner was deleted since, which the sync of its kind reports. `left_out` are the values
    that could not be read. `error` is set if the call for this owner failed; calls for others may succeed.
    """

    values: RecordRow | Unreadable | None
    cost: Cost
    left_out: Unreadable | None = None
    error: XeroError | None = None


def _answers(
    arriving: Iterator[tuple[OwnerKind, _Answer]], is_answered: Callable[[OwnerKind], bool]
) -> tuple[list[_Answer], XeroError | None]:
    """The answers until Xero stopped answering, and the error with which it stopped.

    Xero counts as stopped once it fails for several owners and then for one more of the same kind.
    """
    answers: list[_Answer] = []
    errors: list[XeroError] = []
    try:
        for kind, answer in arriving:
            answers.append(answer)
            errors += [answer.error] if answer.error else []
            if are_too_many(errors):
                if not is_answered(kind):
                    return answers, answer.error
                errors.clear()
    except XeroError as error:
        return answers, error
    return answers, None


def _is_answered(work: Work, kind: OwnerKind) -> bool:
    """Whether Xero answers for the least urgent owner of this kind; owners that failed before are urgent.

    The choice is from all owners: if the run asks only for changes or for chosen records, each of them may fail.
    """
    least = max(reversed(work.due(kind, VALUES[kind].owners, changes_only=False)), key=_urgency)
    answer = _read(work, (kind, least))
    with work.batch() as batch:
        batch.note(RunCounts(calls=answer.cost.calls, bytes=answer.cost.bytes))
    return answer.error is None


def _read(work: Work, owner: Owner) -> _Answer:
    """Read one owner's values. An unreadable value does not stop the others; an error of Xero itself does."""
    kind, due = owner
    records = VALUES[kind].in_xpm(work.access.api, due.number)
    try:
        values = list(records.each())
        row, left_out = read_values(due.key, values, records.facts.unknown)
        return _Answer(row, records.cost, left_out)
    except RecordGone:
        return _Answer(None, records.cost)
    except XeroError as error:
        return _Answer(set_apart(due.key, error), records.cost, error=error)


@dataclass(frozen=True)
class _Stored:
    compared: int
    different: int


def _store(work: Work, owners: list[Owner], answers: list[_Answer], asked_at: datetime) -> _Stored:
    """Store a batch of values that were asked for from `asked_at` on."""
    compared = different = 0
    with work.batch() as batch:
        for kind, table in ((kind, values.table) for kind, values in VALUES.items()):
            mine = [answer for (of, _), answer in zip(owners, answers, strict=True) if of is kind]
            rows = [answer.values for answer in mine if isinstance(answer.values, RecordRow)]
            unreadable = [answer.values for answer in mine if isinstance(answer.values, Unreadable)]
            partly = [answer.left_out for answer in mine if answer.left_out]
            complete = [row.key for row in rows if not row.unread]  # the others are asked for again
            applied = batch.apply(table, rows)
            batch.note_compared(kind, complete, asked_at)
            batch.set_aside(table.name, [*unreadable, *partly], complete)
            batch.note(RunCounts(quarantined=len(unreadable), partly_read=len(partly)))
            compared, different = compared + len(complete), different + applied.added + applied.changed
        costs = [answer.cost for answer in answers]
        batch.note(RunCounts(calls=sum(cost.calls for cost in costs), bytes=sum(cost.bytes for cost in costs)))
    return _Stored(compared, different)
