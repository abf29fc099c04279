"""Pulls jobs: the current ones, those of each creation window, and one by one those that no list has."""

from collections.abc import Collection, Sequence, Set
from contextlib import closing
from dataclasses import replace
from datetime import date

from sqlmodel import Session

from xpm.entities.jobs import allowance, windows
from xpm.pull.arriving import NamedList
from xpm.pull.findings import Verified
from xpm.pull.intake import Intake
from xpm.pull.plans.single_records import are_too_many, set_apart
from xpm.pull.work import Work
from xpm.store.pull import job_checks, job_currency
from xpm.store.pull.job_checks import Asked
from xpm.store.records import bulk
from xpm.store.records.identity import numbers_of
from xpm.store.records.kinds import JOBS
from xpm.xero.errors import RecordGone, XeroError
from xpm.xero.models import Job
from xpm.xero.records import Records, Unreadable


def pull_jobs(work: Work, jobs: Intake[Job]) -> Intake[Job]:
    """Pull jobs. XPM has no change feed for jobs and lists them by creation windows of less than a year.

    Full: the current jobs, which may be older than the practice's configured start, and all windows back to that start.
    Changes only: the current jobs. XPM is asked for a stored job that no list has before it is archived. Jobs that were
    never in a window were created before the start; they take turns over several runs.
    """
    full = work.changed_since() is None
    current = _take_jobs(work, jobs, _windows_of(work) if full else [])
    left = _left(work, jobs.keys_now(current))
    if not current and len(left) > jobs.may_be_missing():
        jobs.suspect(left)
    elif _settle_all(work, jobs, set(left)) if full else _settle(work, jobs, left):
        with work.batch() as batch:
            unread = jobs.keys_unread().intersection(left)
            batch.note_current_jobs(jobs.keys_now(current) | unread)  # the next run asks for the unread jobs again
    if full:
        jobs.conclude()
    return jobs


def ask_for_jobs(work: Work, jobs: Intake[Job], keys: Collection[str]) -> Set[str]:
    """Store these jobs as XPM has them now. Returns the keys of those that it does not have, which stay as they are."""
    return _unknown_to_xpm(work, jobs, keys)


def _take_jobs(work: Work, jobs: Intake[Job], created: Sequence[tuple[date, date]]) -> Set[str]:
    """Store the current jobs, then the jobs of these windows. Returns the keys of the current jobs.

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
                batch.note_listed_jobs(jobs.keys_now(listed), first)
    return current


def _windows_of(work: Work) -> list[tuple[date, date]]:
    practice = work.access.practice
    return list(windows(practice.history_start, work.integration.today(practice)))


def _left(work: Work, current: Set[str]) -> list[str]:
    """The jobs that left the list of current jobs since it was last read."""
    with work.integration.database.read() as session:
        return _by_number(session, work, job_currency.current(session, work.scope) - current)


def _by_number(session: Session, work: Work, keys: Collection[str]) -> list[str]:
    """The order in which a person would look these jobs up."""
    numbers = numbers_of(session, JOBS, work.scope, keys)
    return sorted(keys, key=lambda key: (numbers[key], key))


def _settle(work: Work, jobs: Intake[Job], missing: Collection[str], from_other_account: Collection[str] = ()) -> bool:
    """Ask for each job and archive the missing ones that Xero does not know.

    Returns whether they may be taken as gone. Refused if more are missing than a run may ask for and no person
    confirmed that many: a list was probably cut short. Jobs from another account are archived already, so they do not
    count as missing.
    """
    may_ask_for = allowance(work.integration.settings.xero_calls_per_day)
    if len(missing) > max(may_ask_for, work.request.confirm_missing):
        return jobs.suspect(missing)
    unknown = _unknown_to_xpm(work, jobs, [*missing, *from_other_account])
    jobs.note_gone([key for key in from_other_account if key in unknown])
    return jobs.archive_gone([key for key in missing if key in unknown])


def _settle_all(work: Work, jobs: Intake[Job], no_longer_current: Set[str]) -> bool:
    """Settle every job that the lists should have, and as many older jobs as the rest of the allowance permits.

    Jobs that are no longer current go first, since they have changed. Jobs that were archived when the practice moved
    to another account and back take turns with the older ones, since no list may ever have them.
    """
    missing, from_other_account = jobs.missing(), jobs.from_other_account()
    with work.integration.database.read() as session:
        expected = job_checks.listed(session, work.scope, work.access.practice.history_start, missing)
        older = job_checks.longest_unverified(session, work.scope, from_other_account.union(missing) - expected)
        listed = _by_number(session, work, expected)
    older.sort(key=lambda one: one[0] not in no_longer_current)
    turns = max(0, allowance(work.integration.settings.xero_calls_per_day) - len(listed))
    asked = [*listed, *(key for key, _ in older[:turns])]
    settled = _settle(
        work,
        jobs,
        [key for key in asked if key not in from_other_account],
        [key for key in asked if key in from_other_account],
    )
    if left := older[turns:]:
        verified = Verified(done=len(older) - len(left), of=len(older), since=min(at for _, at in left))
        jobs.presume({key for key, _ in left}, from_other_account, verified)
    return settled


def _unknown_to_xpm(work: Work, jobs: Intake[Job], keys: Collection[str]) -> set[str]:
    """Ask for jobs one by one, store those that XPM knows, and return the keys of the others.

    If Xero fails for a single job, that proves nothing: the job is quarantined and stays as it is.

    Raises:
        XeroError: Xero failed for several jobs in a row and for a job that this run could read before, or the error
            cannot be about a single job.
    """
    asking = _Asking(work, jobs)
    unknown: set[str] = set()
    failed: dict[str, Unreadable] = {}
    in_a_row: list[XeroError] = []
    for job in _asked(work, keys):
        try:
            if not asking.is_known(job):
                unknown.add(job.key)
            in_a_row.clear()
        except XeroError as error:
            failed[job.key] = replace(set_apart(job.key, error), number=job.number)
            in_a_row.append(error)
            if are_too_many(in_a_row):
                if not _is_answered(work, jobs, asking):
                    raise
                in_a_row.clear()
    jobs.set_aside(failed)
    return unknown


def _asked(work: Work, keys: Collection[str]) -> list[Asked]:
    with work.integration.database.read() as session:
        return job_checks.asked(session, work.scope, keys)


def _is_answered(work: Work, jobs: Intake[Job], asking: "_Asking") -> bool:
    """Whether Xero answers for a job that this run could read before; false if there is none.

    Raises:
        XeroError: the error cannot be about a single job.
    """
    read_well = jobs.seen - jobs.keys_unread()
    with work.integration.database.read() as session:
        stored = (key for key in bulk.active_keys(session, jobs.table, work.scope) if key in read_well)
        one = min(stored, default=None)
    for job in _asked(work, [one] if one else []):
        try:
            asking.is_known(job)
        except XeroError as error:
            set_apart(job.key, error)
            return False
        return True
    return False


class _Asking:
    """Asks XPM for single jobs. People may have changed a job's number, so its client's jobs are looked at as well."""

    def __init__(self, work: Work, jobs: Intake[Job]) -> None:
        self._work = work
        self._jobs = jobs
        self._clients: set[str] = set()

    def is_known(self, job: Asked) -> bool:
        """Whether XPM has the job. If it does, the job is stored, and marked as verified if it is readable.

        Only XPM's own words prove that it does not: none of its jobs has the number, or another job has it, and the
        job is not among those of its client, or XPM does not know the client either.
        """
        found = self._take(self._work.access.api.job(job.number))
        if job.key not in found and job.number in self._jobs.keys_unread():
            return True  # what came under its number was set aside, and may be this job
        if job.key not in found and not self._is_of_client(job):
            return False
        if job.key not in self._jobs.keys_unread():
            with self._work.batch() as batch:
                batch.note_verified_job(job.key)
        return True

    def _is_of_client(self, job: Asked) -> bool:
        if job.client_uuid and job.client_uuid not in self._clients:
            self._take(self._work.access.api.jobs_of_client(job.client_uuid))
            self._clients.add(job.client_uuid)  # one call for all its jobs
        return job.key in self._jobs.seen

    def _take(self, records: Records[Job]) -> Set[str]:
        try:
            return self._jobs.take(records)
        except RecordGone:
            return frozenset()
