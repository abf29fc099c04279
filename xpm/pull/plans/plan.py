"""Carries out the plan of an entity: what a pull asks Xero for, list by list.

A plan stores what arrives and archives what is proven gone. It returns the intake of the entity's main table, whose
`complete` tells whether the pull saw everything that XPM has.
"""

import gc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

from xpm.consent.access import PracticeAccess
from xpm.entities.entity import Plan
from xpm.entities.registry import DEFINITIONS
from xpm.integration import Integration
from xpm.pull.intake import Intake
from xpm.pull.plans.chosen import pull_chosen
from xpm.pull.plans.jobs import pull_jobs
from xpm.pull.plans.values import ValuesCompared, pull_values, values_not_covered
from xpm.pull.work import Work
from xpm.quota.budget import budget_of
from xpm.store.vocabulary import SyncMode
from xpm.xero.errors import ScopeMissing
from xpm.xero.scopes import Coverage, covers
from xpm.xero.tax import TaxExport, TaxFeed, TaxSource

AnyIntake = Intake[Any]

OVERLAP = timedelta(minutes=10)
"""Ask for this much again: nobody knows whether Xero's `modifiedsince` includes its bound, or how far clocks differ."""

COLLECT_AFTER = 50_000  # new objects still alive before Python looks for garbage


def carry_out(work: Work, tax: TaxSource | None) -> tuple[AnyIntake, ValuesCompared | None]:
    """Pull the lists that accompany the entity, then its own, and for custom fields the values as well.

    If records were chosen, only these. What the entity can do without and the scopes do not cover is left out; the
    intake's `not_covered` names it.
    """
    definition = DEFINITIONS[work.request.entity]
    if work.request.records and definition.plan is not Plan.ONE_BY_ONE:
        with closing(work.reader):
            return pull_chosen(work, AnyIntake(work, definition.main)), None
    with _collecting_seldom(), closing(work.reader):
        others = [Intake(work, kind, is_accompanying=True) for kind in definition.accompanying]
        not_covered = [other.kind.label for other in others if not _take_if_covered(work, other)]
        intake = _main(work, definition.plan, tax)
        for other in others:
            intake.suspicion = intake.suspicion or other.suspicion
        reads_values = _reads_values(work, definition.plan)
        not_covered += [values.label for values in values_not_covered(work).values() if reads_values]
        intake.not_covered += tuple(not_covered)
        return intake, pull_values(work) if reads_values else None


def _take_if_covered(work: Work, intake: AnyIntake) -> bool:
    """Take a list that an entity can do without. Returns whether the scopes of the consent cover it.

    Xero does not document the scope of every list, so only its refusal may show that.
    """
    if covers(work.access.scopes, intake.kind.listed_at.scope) is Coverage.NO:
        return False
    try:
        _whole_list(work, intake)
    except ScopeMissing:
        return False
    return True


def _reads_values(work: Work, plan: Plan) -> bool:
    return plan is Plan.ONE_BY_ONE and (work.request.mode is not SyncMode.LISTS or bool(work.request.records))


def _main(work: Work, plan: Plan, tax: TaxSource | None) -> AnyIntake:
    intake = AnyIntake(work, DEFINITIONS[work.request.entity].main)
    match plan:
        case Plan.WHOLE_LISTS:
            return _whole_list(work, intake)
        case Plan.ONE_BY_ONE:
            return _definitions(work, intake)
        case Plan.MODIFIED_SINCE:
            return _modified_since(work, intake)
        case Plan.CREATION_WINDOWS:
            return pull_jobs(work, intake)
        case Plan.TAX_SOURCE:
            return _tax_returns(intake, tax)


def _whole_list(work: Work, intake: AnyIntake) -> AnyIntake:
    """One list of everything; records that left it were removed in XPM."""
    intake.take_all(work.access.api.list(intake.kind.listed_at))
    return intake


def _definitions(work: Work, intake: AnyIntake) -> AnyIntake:
    """What the values are of. The values can be read without them."""
    if not _take_if_covered(work, intake):
        intake.not_covered = ("Definitions of custom fields",)
    return intake


def _modified_since(work: Work, intake: AnyIntake) -> AnyIntake:
    """Changes only: records modified since the last run, by Xero's clock. Full: one list of everything."""
    since = work.changed_since()
    if since is None:
        intake.take_all(work.access.api.clients())
    else:
        intake.take(work.access.api.clients(modified_since=since - OVERLAP))
    return intake


def _tax_returns(intake: AnyIntake, source: TaxSource | None) -> AnyIntake:
    """Pull all returns of the source, which has no change feed."""
    if source is None:
        raise ValueError("A pull of tax returns needs a source; without one the entity is left out.")
    intake.take_all(source.returns(), resumable=False)  # an exported file may be replaced before the retry
    return intake


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Make Python look for cyclic garbage rarely.

    Records come by the ten thousand and form no cycles; searching them took a fifth of a pull's time.
    """
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def tax_source(integration: Integration, access: PracticeAccess) -> TaxSource | None:
    """The practice's exported file if there is one, else the partner feed if it is set up, else `None`."""
    if export := integration.tax_export(access.practice.slug):
        return TaxExport(export)
    if (url := integration.app.tax_url) is None:
        return None
    budget = budget_of(integration, access.tenant_id, access.priority)
    sleep, clock = integration.sleep, integration.clock
    return TaxFeed(access.http, url, access.tenant_id, budget, sleep=sleep, clock=clock, tries=access.tries)
