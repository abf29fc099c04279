"""Pulls jobs: the current ones, those of each creation window, and by number those that no list has."""

from collections.abc import Collection, Iterable, Sequence, Set
from contextlib import closing
from datetime import date

from xpm.entities.jobs import allowance, windows
from xpm.pull.arriving import NamedList
from xpm.pull.intake import MISSING_TOLERATED, Intake, Verified
from xpm.pull.plans.single_records import are_too_many, set_apart
from xpm.pull.work import Work
from xpm.store.pull import job_checks, job_currency
from xpm.xero.errors import NotFound, XeroError
from xpm.xero.models import Job
from xpm.xero.records import Unreadable


def pull_jobs(work: Work, jobs: Intake[Job]) -> Intake[Job]:
    """Pull jobs. XPM has no change feed for jobs and lists them by creation windows of less than a year.

    Full: the current jobs, which may be older than the practice's configured start, and all windows back to that start.
    Changes only: the current jobs. A stored job that no list has is asked for by its number before it is archived. Jobs
    that were never in a window were created before the start; they take turns over several runs.
    """
    full = work.changed_since() is None
    current = _take_jobs(work, jobs, _windows_of(work) if full else [])
    left = _left(work, current)
    if not current and len(left) > max(MISSING_TOLERATED, work.request.confirm_missing):
        jobs.suspect(left)
    elif _settle_all(work, jobs, set(left)) if full else _settle(work, jobs, left):
        with work.batch() as batch:
            unread = jobs.keys_unread().intersection(left)
            batch.note_current_jobs(current | unread)  # the next run asks for the unread jobs again
    if full:
        jobs.conclude()
    return jobs


def _take_jobs(work: Work, jobs: Intake[Job], created: Sequence[tuple[date, date]]) -> Set[str]:
    """Store the current jobs, then the jobs of these windows. Returns the numbers of the current jobs.

    The order matters. A job completed while we read is caught by the next run: it left the list of current jobs, so
    that run asks for it. If the windows were read first, a job completed in between would stay current in FYI, and no
    list that a run of changes reads would show it.
    """
    api = work.access.api
    lists = [NamedList(f"job {first}/{last}", api.jobs_created(first, last)) for first, last in created]
    with closing(jobs.take_each([NamedList("current_job", api.current_jobs()), *lists])) as taken:
        current = next(taken)
        for (first, _), listed in zip(created, taken, strict=True):
            with work.batch() as batch:
                batch.note_listed_jobs(listed, first)
    return current


def _windows_of(work: Work) -> list[tuple[date, date]]:
    practice = work.access.practice
    return list(windows(practice.history_start, work.integration.today(practice)))


def _left(work: Work, current: Set[str]) -> list[str]:
    """The jobs that left the list of current jobs since it was last read."""
    with work.integration.database.read() as session:
        return sorted(job_currency.current(session, work.scope) - current)


def _settle(work: Work, jobs: Intake[Job], missing: Collection[str], from_other_account: Collection[str] = ()) -> bool:
    """Ask for each job by number and archive the missing ones that Xero does not know.

    Returns whether they may be taken as gone. Refused if more are missing than a run may ask for and no person
    confirmed that many: a list was probably cut short. Jobs from another account are archived already, so they do not
    count as missing.
    """
    may_ask_for = allowance(work.integration.settings.xero_calls_per_day)
    if len(missing) > max(may_ask_for, work.request.confirm_missing):
        return jobs.suspect(missing)
    unknown = _unknown_to_xpm(work, jobs, [*missing, *from_other_account])
    jobs.note_gone([number for number in from_other_account if number in unknown])
    return jobs.archive_gone([number for number in missing if number in unknown])


def _settle_all(work: Work, jobs: Intake[Job], no_longer_current: Set[str]) -> bool:
    """Settle every job that the lists should have, and as many older jobs as the rest of the allowance permits.

    Jobs that are no longer current go first, since they have changed. Jobs that were archived when the practice moved
    to another account and back take turns with the older ones, since no list may ever have them.
    """
    missing, from_other_account = jobs.missing(), jobs.from_other_account()
    with work.integration.database.read() as session:
        expected = job_checks.listed(session, work.scope, work.access.practice.history_start, missing)
        older = job_checks.longest_unverified(session, work.scope, from_other_account.union(missing) - expected)
    older.sort(key=lambda one: one[0] not in no_longer_current)
    turns = max(0, allowance(work.integration.settings.xero_calls_per_day) - len(expected))
    asked = [*sorted(expected), *(number for number, _ in older[:turns])]
    settled = _settle(
        work,
        jobs,
        [number for number in asked if number not in from_other_account],
        [number for number in asked if number in from_other_account],
    )
    if left := older[turns:]:
        verified = Verified(done=len(older) - len(left), of=len(older), since=min(at for _, at in left))
        jobs.presume({number for number, _ in left}, from_other_account, verified)
    return settled


def _unknown_to_xpm(work: Work, jobs: Intake[Job], numbers: Iterable[str]) -> set[str]:
    """Ask for jobs by number, store those that XPM knows, and return the numbers of the others.

    If Xero fails for a single job, that proves nothing: the job is quarantined and stays as it is.

    Raises:
        XeroError: Xero failed for several jobs in a row and for a job that this run could read before, or the error
            cannot be about a single job.
    """
    unknown: set[str] = set()
    failed: dict[str, Unreadable] = {}
    in_a_row: list[XeroError] = []
    for number in numbers:
        try:
            if not _is_known(work, jobs, number):
                unknown.add(number)
            in_a_row.clear()
        except XeroError as error:
            failed[number] = set_apart(number, error)
            in_a_row.append(error)
            if are_too_many(in_a_row):
                if not _is_answered(work, jobs):
                    raise
                in_a_row.clear()
    jobs.set_aside(failed)
    return unknown


def _is_answered(work: Work, jobs: Intake[Job]) -> bool:
    """Whether Xero answers for a job that this run could read before; false if there is none.

    Raises:
        XeroError: the error cannot be about a single job.
    """
    unread = jobs.keys_unread()
    number = min((one for one in jobs.seen if one not in unread), default=None)
    if number is None:
        return False
    try:
        _is_known(work, jobs, number)
    except XeroError as error:
        set_apart(number, error)
        return False
    return True


def _is_known(work: Work, jobs: Intake[Job], number: str) -> bool:
    """Whether XPM knows the job. If it does, the job is stored, and marked as verified if it is readable."""
    try:
        jobs.take(work.access.api.job(number))
    except NotFound:
        return False
    if number not in jobs.keys_unread():
        with work.batch() as batch:
            batch.note_verified_job(number)
    return True
