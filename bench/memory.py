"""Whether memory stays flat: the peak memory of a first sync of few jobs and of many."""

from bench.contest import Chapter, Contest, Verdict
from bench.lab import Lab
from bench.measured import Measured
from bench.xero import xero

TITLE = "Memory"
GROWS = 1.2  # goal: ten times the jobs take at most 1.2 times the memory

PROSE = """A first full sync of {jobs:,} jobs and one of {many:,}, into SQLite. The figure is the peak resident
memory of the syncing process plus that of its reader process, without the sandbox, which is another process. Each
sync runs once, since memory hardly varies. The sandbox renders these answers while it sends them, so the times mean
nothing and are left out."""


def memory(lab: Lab) -> Chapter:
    """Measure peak memory."""
    sizes = lab.sizes
    runs = {f"{jobs:,} jobs": [_first_sync(lab, jobs)] for jobs in (sizes.jobs, sizes.many)}
    contest = Contest("first load, SQLite", sizes.many, runs)
    ratio = contest.ratio(f"{sizes.many:,} jobs", "peak_mib").median
    question = f"{TITLE}: {sizes.many:,} jobs against {sizes.jobs:,}"
    verdict = Verdict(question, f"at most {GROWS} times", f"{ratio:.2f} times", ratio <= GROWS)
    return Chapter("memory", TITLE, PROSE.format(jobs=sizes.jobs, many=sizes.many), [contest], [verdict], "peak_mib")


def _first_sync(lab: Lab, jobs: int) -> Measured:
    with xero(jobs, 1) as server:
        return lab.sync(server.url, lab.new_database("SQLite"), "jobs", "--first", added=jobs)
