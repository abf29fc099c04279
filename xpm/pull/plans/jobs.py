"""Pulls jobs: the current ones, those of each window of creation, and by their numbers those that no list has."""

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
    """XPM has no change feed for jobs and lists them by windows of creation under a year.

    Full: all windows back to the practice's configured start, and the current jobs, which may be older. Changes only:
    the current jobs. A stored job that is in neither is asked for by its number before anything is concluded, but for
    those that never were in a window: they were created before the start and take turns.
    """
    full = work.changed_since() is None
    current = _take_jobs(work, jobs, _windows_of(work) if full else [])
    left = _left(work, current)
    if not current and len(left) > max(MISSING_TOLERATED, work.request.confirm_missing):
        jobs.suspect(len(left))
    elif _settle_all(work, jobs, set(left)) if full else _settle(work, jobs, left):
        with work.batch() as batch:
            unread = jobs.keys_unread().intersection(left)
            batch.note_current_jobs(current | unread)  # so that the next run asks for these again
    if full:
        jobs.conclude()
    return jobs


def _take_jobs(work: Work, jobs: Intake[Job], created: Sequence[tuple[date, date]]) -> Set[str]:
    """Take the current jobs in, whose numbers it gives, and then the jobs of these windows.

    In this order, since jobs are completed while they are read: one that is so after it was called current is missed
    by the next run, which asks for it. Were the windows read before, one that is completed in between would be in FYI
    as it was, and in no list by which a run of changes could notice.
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


def _settle(work: Work, jobs: Intake[Job], missing: Collection[str], left_behind: Collection[str] = ()) -> bool:
    """Ask for each of these jobs and archive the missing ones that Xero does not know; tell whether that is believed.

    More missing jobs than one may ask for are not, unless a person confirmed so many: some list must have been cut
    short. Those left behind are archived already, so that none of them is a reason for doubt.
    """
    may_ask_for = allowance(work.integration.settings.xero_calls_per_day)
    if len(missing) > max(may_ask_for, work.request.confirm_missing):
        return jobs.suspect(len(missing))
    unknown = _unknown_to_xpm(work, jobs, [*missing, *left_behind])
    jobs.note_gone([number for number in left_behind if number in unknown])
    return jobs.archive_gone([number for number in missing if number in unknown])


def _settle_all(work: Work, jobs: Intake[Job], no_longer_current: Set[str]) -> bool:
    """Settle all that the lists should have, and as many of the older jobs as the rest of the allowance lets.

    Those that are no longer current go first, since they have changed. Jobs that were left behind when the practice
    moved to another XPM practice, from which it came back, take turns with the older ones: no list may ever have them.
    """
    missing, left_behind = jobs.missing(), jobs.left_behind()
    with work.integration.database.read() as session:
        expected = job_checks.listed(session, work.scope, work.access.practice.history_start, missing)
        older = job_checks.longest_unverified(session, work.scope, left_behind.union(missing) - expected)
    older.sort(key=lambda one: one[0] not in no_longer_current)
    turns = max(0, allowance(work.integration.settings.xero_calls_per_day) - len(expected))
    asked = [*sorted(expected), *(number for number, _ in older[:turns])]
    settled = _settle(
        work, jobs, [one for one in asked if one not in left_behind], [one for one in asked if one in left_behind]
    )
    if left := older[turns:]:
        verified = Verified(done=len(older) - len(left), of=len(older), since=min(at for _, at in left))
        jobs.presume({number for number, _ in left}, left_behind, verified)
    return settled


def _unknown_to_xpm(work: Work, jobs: Intake[Job], numbers: Iterable[str]) -> set[str]:
    """Ask for jobs by their numbers; store as they are now those that XPM knows, and give the others.

    One for which alone Xero does not answer as it should proves nothing: it is set aside and stays as it is.

    Raises:
        XeroError: it is so for several in a row and for one that this run could read, or it cannot be that job's alone.
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
    """Whether Xero answers as it should for one of the jobs that this run could read, if there is any.

    Raises:
        XeroError: it fails for more than single jobs.
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
    """Whether XPM knows the job by its number; if so, it is stored as it is now, and verified if it can be read."""
    try:
        jobs.take(work.access.api.job(number))
    except NotFound:
        return False
    if number not in jobs.keys_unread():
        with work.batch() as batch:
            batch.note_verified_job(number)
    return True
