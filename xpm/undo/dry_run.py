"""A dry run of one entity: the same calls, rules and counts as a pull, but nothing is written."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from xpm.consent.access import practice_access
from xpm.entities.gates import left_out_for
from xpm.entities.names import Entity
from xpm.integration import Integration
from xpm.pull.outcome import COUNTS, Counts, dropped_from, named_parts, status_of, summed_up
from xpm.pull.plans.plan import AnyIntake, carry_out, tax_source
from xpm.pull.plans.values import ValuesCompared
from xpm.pull.pull import reason_to_leave_out
from xpm.pull.summary import Outcome, is_well, message_of
from xpm.pull.work import PullRequest, Work
from xpm.store.pull import comparisons
from xpm.store.pull.comparisons import Due
from xpm.store.records import bulk, versions
from xpm.store.records.kinds import RecordTable
from xpm.store.records.versions import Effect
from xpm.store.vocabulary import ActivityStatus, OwnerKind, RunStatus
from xpm.undo.changes import Change, DryRunResult
from xpm.undo.expected import ChangedBefore, DryBatch, Expected
from xpm.words import Message, message

TOLD = ("added", "changed", "archived", "restored")
"""The counts that a dry run's summary gives."""

RECENTLY = timedelta(days=1)
"""Custom field values that a sync compared so lately are not worth a request each, unless a person wants it."""


@dataclass(frozen=True)
class DryRun(Work):
    """A pull that stores nothing. It takes no lease, so it blocks no run and no run blocks it.

    `earlier` holds the results of the same dry run for other entities, which a sync would have stored by now. Custom
    field values that were compared at `values_since` or later are not asked for again.
    """

    earlier: Sequence[DryRunResult] = ()
    values_since: datetime | None = None
    expected: Expected = field(default_factory=Expected)

    @contextmanager
    def batch(self) -> Iterator[DryBatch]:
        """Open a batch in a session in which writes fail."""
        with self.integration.database.read() as session:
            yield DryBatch(session, self.scope, self.expected, self.changed_before)

    def count_present(self, table: RecordTable) -> int:
        """Count the records that XPM would have, by the store as it would be."""
        with self.integration.database.read() as session:
            return bulk.count_present(session, table, self.scope) + self.expected.present[table.name]

    def as_sent(self, table: RecordTable, digests: Mapping[str, bytes]) -> Collection[str]:
        """Compare the digests with the stored ones. Records that an earlier batch would have written have none."""
        with self.integration.database.read() as session:
            stored = versions.as_sent(session.connection(), table, self.scope, digests)
        return stored - self.expected.versions.get(table.name, {}).keys()

    def finished(self, name: str) -> None:
        """Nothing: a dry run reads every list, since it shows what XPM has now."""

    def due(self, kind: OwnerKind, table: RecordTable, *, changes_only: bool) -> list[Due]:
        """The stored owners, without those that would be archived by now and with those that would have been added."""
        with self.integration.database.read() as session:
            stored = comparisons.due(session, table, self.scope, kind, changes_only=changes_only)
            current = set(bulk.active_keys(session, table, self.scope))
            compared = comparisons.last_compared(session, self.scope, kind)
        due = {one.key: one for one in stored}
        for key, change in self.changed_before.get(table.name, {}).items():
            if change.archives:
                due.pop(key, None)
            elif key in current or change.effect is not Effect.CHANGED:  # a record that stays archived is not due
                due[key] = Due(key, int(key in compared), compared.get(key), change.number or key)
        return list(due.values())

    @cached_property
    def changed_before(self) -> ChangedBefore:
        """The changes that the same dry run found in other entities, by kind and key.

        Unreadable records are left out, since a sync would not store them.
        """
        found: dict[str, dict[str, Change]] = {}
        for preview in self.earlier:
            for change in preview.changes:
                if change.effect is not Effect.SET_ASIDE:
                    found.setdefault(change.kind, {})[change.key] = change
        return found


def dry_run_pull(
    integration: Integration,
    request: PullRequest,
    earlier: Sequence[DryRunResult] = (),
    *,
    values_since: datetime | None = None,
) -> DryRunResult:
    """Find what a pull of one entity would change now. `earlier`: results of the same dry run for other entities.

    `values_since`: custom field values that were compared since then are not asked for again.

    Only the connection may be written: tokens are refreshed, and a connection that proves broken is marked so.

    Raises:
        Stopped: unknown practice, or no usable connection.
        XeroError: Xero failed.
    """
    with practice_access(integration, request.practice) as access:
        tax = tax_source(integration, access)
        if key := reason_to_leave_out(integration, access, request, tax):
            skipped = left_out_for(request.entity, key, request.practice)
            return DryRunResult(entity=request.entity, status=RunStatus.SKIPPED, message=skipped)
        work = DryRun(integration, access, request, earlier, values_since)
        return _result(work, *carry_out(work, tax))


def _result(work: DryRun, intake: AnyIntake, compared: ValuesCompared | None) -> DryRunResult:
    """How the run would end, and every change that it would have made by then."""
    entity, expected = work.request.entity, work.expected
    counts = {name: expected.counts[name] for name in (*COUNTS, "calls", "bytes")}
    source = intake.source_count() if intake.complete else None
    stored = work.count_present(intake.table) if intake.complete else None
    with work.integration.database.read() as session:
        before = dropped_from(session, work.scope, work.request, intake.known_count())
    real = summed_up(entity, counts, (source, stored), intake, compared, before=before)
    return DryRunResult(
        entity=entity,
        status=status_of(real),
        message=_in_conditional(work, real, intake, compared),
        source=source,
        stored=stored,
        changes=(*expected.changes.values(), *expected.aside.values()),
        **counts,
    )


def _in_conditional(work: DryRun, real: Message, intake: AnyIntake, compared: ValuesCompared | None) -> Message:
    """The message of a real run, in the conditional."""
    facts: dict[str, object] = {name: work.expected.counts[name] for name in COUNTS}
    facts |= {"entity": work.request.entity.label}
    if status_of(real) is RunStatus.ACTION_REQUIRED:
        return message("sync.would_need_attention", title=real.title, next=real.next, **facts)
    if real.status is ActivityStatus.ALERT and facts["partly_read"]:
        return message("sync.would_leave_out", next=real.next, **facts)
    if real.status is ActivityStatus.ALERT:
        return message("sync.would_be_without_parts", parts=named_parts(intake), next=real.next, **facts)
    if compared and compared.of:
        key = "sync.values_would_change_at_least" if compared.earlier else "sync.values_would_change"
        return message(key, **asdict(compared), **facts)
    return message("sync.would_change", **facts)


def sum_up_dry_run(practice: str, outcomes: Mapping[Entity, Outcome]) -> Message:
    """Sum up what a sync would change, or report entities that could not be read or would need attention."""
    previews = [outcome for outcome in outcomes.values() if isinstance(outcome, DryRunResult)]
    counts = {name: sum(getattr(preview, name) for preview in previews) for name in TOLD}
    titles = (message_of(entity, outcome).title for entity, outcome in outcomes.items() if not _changes_only(outcome))
    remarks = " ".join(f"{title.rstrip('.')}." for title in dict.fromkeys(titles))
    if len(previews) < len(outcomes):
        return message("dry_run.failed", practice=practice, remarks=remarks)
    if not all(is_well(preview) for preview in previews):
        return message("dry_run.attention", practice=practice, remarks=remarks)
    return message("dry_run.done", practice=practice, remarks=remarks, **counts)


def _changes_only(outcome: Outcome) -> bool:
    """Whether the counts say everything, so that no remark is needed."""
    return isinstance(outcome, Counts) and outcome.message.status is ActivityStatus.SUCCESS
