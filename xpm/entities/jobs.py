"""Jobs and their categories.

XPM has no change feed for jobs. It lists the current jobs, and jobs of any state by creation windows of less than a
year. XPM is asked for a job that is in neither list.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from xpm.entities.entity import Circumstances, Definition, ListedKind, Outlined, Plan, Probe
from xpm.entities.entity import outlines as outlines_of
from xpm.entities.names import Noun
from xpm.entities.prediction import PlannedPull
from xpm.entities.pushed import Channel, FieldType, Pushed, PushedField, details
from xpm.entities.row import RowShape
from xpm.store.pull import job_checks, job_currency
from xpm.store.records import bulk, kinds, outlines
from xpm.store.vocabulary import ArchiveReason
from xpm.xero import endpoints
from xpm.xero.api import LONGEST_WINDOW
from xpm.xero.models import Category, Job

SHARE_FOR_MISSING_JOBS = 0.1
"""The share of the day's calls that one run may spend on jobs that no list has (FYI does so, too). Jobs that were
completed before the practice's history start are never in a list; they take turns, the longest unverified first."""

A_HALF = 0.5
"""The part of a few jobs that may vanish. It is larger than of other lists, since XPM is asked for each of them."""

JOB_CATEGORIES = ListedKind(
    kinds.JOB_CATEGORIES, "Job categories", Noun.JOB_CATEGORY, Category, RowShape("uuid"), endpoints.JOB_CATEGORIES
)


def windows(start: date, today: date) -> Iterator[tuple[date, date]]:
    """Creation windows from `start` to tomorrow, newest first. All but the newest are as long as Xero allows.

    They reach to tomorrow because Xero does not say by which clock it dates a job's creation. They are counted from
    `start`, so that older windows stay the same from day to day: a retry on the next day knows which it has read.
    """
    last, step = today + timedelta(days=1), LONGEST_WINDOW + timedelta(days=1)
    for number in reversed(range((last - start) // step + 1)):
        first = start + number * step
        yield first, min(first + LONGEST_WINDOW, last)


def allowance(calls_per_day: int) -> int:
    """How many jobs one run may ask for one by one."""
    return int(calls_per_day * SHARE_FOR_MISSING_JOBS)


def _calls(planned: PlannedPull) -> int:
    """One for categories, one for current jobs; in a full pull also one for each window and each older job.

    Calls for jobs that left XPM's list of current jobs cannot be predicted.
    """
    if not planned.everything:
        return 2
    return 2 + len([*windows(planned.practice.history_start, planned.today)]) + _older_jobs(planned)


def _older_jobs(planned: PlannedPull) -> int:
    """How many jobs no list has, up to one run's allowance."""
    listed = job_checks.listed(planned.session, planned.scope, planned.practice.history_start)
    listed |= job_currency.current(planned.session, planned.scope)
    stored = set(bulk.active_keys(planned.session, kinds.JOBS, planned.scope))
    stored |= bulk.keys_archived(planned.session, kinds.JOBS, planned.scope, {ArchiveReason.OTHER_ACCOUNT})
    return min(len(stored - listed), allowance(planned.calls_per_day))


def _left_out(now: Circumstances) -> str | None:
    """*Maintain Jobs in FYI* takes the sync of jobs from users, and from them alone: the runbook brings jobs.

    Source: FYI's article "Resetting your connection …", step 5 and "Maintain Jobs in FYI".
    """
    return "sync.skipped_jobs" if now.settings.maintain_jobs and now.by_user else None


PUSHED = Pushed(
    kinds.JOBS,
    kinds.JOB_CUSTOM_FIELDS,
    (
        PushedField("state", "State", "state", FieldType.STATE, Channel.STATE, is_needed=True),
        PushedField("manager", "Manager", "manager_uuid", FieldType.STAFF, Channel.ASSIGNMENT),
        PushedField("partner", "Partner", "partner_uuid", FieldType.STAFF, Channel.ASSIGNMENT),
        details("name", "Name", "name", is_needed=True),
        details("description", "Description", "description"),
        details("budget", "Budget", "budget", FieldType.AMOUNT),
        details("start", "Start", "start_date", FieldType.DAY, is_needed=True),
        details("due", "Due", "due_date", FieldType.DAY, is_needed=True),
        details("client-order-number", "Client order number", "client_order_number"),
    ),
)
"""FYI sends State, Manager, Partner, Name, Budget, Start and Due (FYI: "Synchronising Clients, Staff, Jobs …")."""


JOBS = Definition(
    button="Sync Jobs",
    main=ListedKind(kinds.JOBS, "Jobs", Noun.JOB, Job, RowShape("key"), endpoints.JOBS, may_vanish=A_HALF),
    accompanying=(JOB_CATEGORIES,),
    plan=Plan.CREATION_WINDOWS,
    calls=_calls,
    probes=(
        Probe(endpoints.JOBS, "jobs", lambda day: {"from": f"{day:%Y%m%d}", "to": f"{day:%Y%m%d}"}),
        Probe(endpoints.JOB_CATEGORIES, "job categories"),
    ),
    left_out=_left_out,
    outlined=Outlined("Current jobs", outlines.current_jobs, lambda api: outlines_of(api.current_jobs(detailed=False))),
    pushed=PUSHED,
)
