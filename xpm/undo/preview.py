"""A dry run of one entity: the same calls, the same rules and the same counts as a sync, and nothing written."""

from collections.abc import Mapping, Sequence

from xpm.consent.access import practice_access
from xpm.entities.registry import Entity
from xpm.integration import Integration
from xpm.pull.drop import dropped_from
from xpm.pull.field_values import ValuesCompared
from xpm.pull.plans import AnyIntake, carry_out
from xpm.pull.result import Counts
from xpm.pull.run import COUNTS, reason_to_leave_out, status_of, summed_up
from xpm.pull.summary import Outcome, is_well, message_of
from xpm.pull.tax import source_of
from xpm.pull.work import PullRequest
from xpm.store.vocabulary import RunStatus
from xpm.undo.changes import DryRunResult
from xpm.undo.dry_run import DryRun
from xpm.words import Message, message

TOLD = ("added", "changed", "archived", "restored")
"""The counts that the summary of a dry run names."""


def dry_run_pull(integration: Integration, request: PullRequest, earlier: Sequence[DryRunResult] = ()) -> DryRunResult:
    """Tell what a sync of one entity would change now; `earlier`: what the same dry run found of other entities.

    Only the connection is kept up: tokens are renewed, and one that turns out to be broken is noted as such.

    Raises:
        Stopped: unknown practice, or no usable connection.
        XeroError: Xero did not answer as it should.
    """
    with practice_access(integration, request.practice) as access:
        tax = source_of(integration, access)
        if key := reason_to_leave_out(integration, access, request, tax):
            said = message(key, practice=request.practice)
            return DryRunResult(entity=request.entity, status=RunStatus.SKIPPED, message=said)
        dry_run = DryRun(integration, access, request, earlier)
        return _previewed(dry_run, *carry_out(dry_run, tax))


def _previewed(dry_run: DryRun, intake: AnyIntake, compared: ValuesCompared | None) -> DryRunResult:
    """The end of the run as it would be, and everything that would be different by then."""
    entity, expected = dry_run.request.entity, dry_run.expected
    counts = {name: expected.counts[name] for name in (*COUNTS, "calls", "bytes")}
    source = intake.source_count() if intake.complete else None
    stored = dry_run.count_present(intake.table) if intake.complete else None
    with dry_run.integration.database.read() as session:
        before = dropped_from(session, dry_run.scope, dry_run.request, intake.known_count())
    real = summed_up(entity, counts, (source, stored), intake, compared, before=before)
    return DryRunResult(
        entity=entity,
        status=status_of(real),
        message=_said(dry_run, real, compared),
        source=source,
        stored=stored,
        changes=(*expected.changes.values(), *expected.aside.values()),
        **counts,
    )


def _said(dry_run: DryRun, real: Message, compared: ValuesCompared | None) -> Message:
    """What a sync would say, in the conditional."""
    facts: dict[str, object] = {name: dry_run.expected.counts[name] for name in COUNTS}
    facts |= {"entity": dry_run.request.entity.label}
    if status_of(real) is RunStatus.ACTION_REQUIRED:
        return message("sync.would_need_attention", title=real.title, next=real.next, **facts)
    if compared:
        return message(
            "sync.values_would_change", done=compared.done, of=compared.of, different=compared.different, **facts
        )
    return message("sync.would_change", **facts)


def sum_up_dry_run(practice: str, parts: Mapping[Entity, Outcome]) -> Message:
    """What a sync would change in all; that it would end with something to look at, or that a part is not known."""
    previews = [outcome for outcome in parts.values() if isinstance(outcome, DryRunResult)]
    counts = {name: sum(getattr(preview, name) for preview in previews) for name in TOLD}
    titles = (message_of(entity, outcome).title for entity, outcome in parts.items() if not _changes_only(outcome))
    remarks = " ".join(f"{title.rstrip('.')}." for title in dict.fromkeys(titles))
    if len(previews) < len(parts):
        return message("dry_run.failed", practice=practice, remarks=remarks)
    if not all(is_well(preview) for preview in previews):
        return message("dry_run.attention", practice=practice, remarks=remarks)
    return message("dry_run.done", practice=practice, remarks=remarks, **counts)


def _changes_only(outcome: Outcome) -> bool:
    """Whether the counts say all there is to say."""
    return isinstance(outcome, Counts) and outcome.status is RunStatus.SUCCESS
