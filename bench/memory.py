"""Whether a practice of any size fits: the highest memory of a first sync of few and of many jobs."""

from bench.contest import Chapter, Contest, Verdict
from bench.lab import Lab
from bench.measured import Measured
from bench.xero import xero

TITLE = "Memory"
GROWS = 1.2  # goal: ten times the jobs take at most so many times the memory

PROSE = """The highest resident memory of the process that synchronises and of the one that reads
for it, added up, in a first full sync of {jobs:,} jobs and of {many:,} into SQLite; the sandbox is another process.
Each once: memory hardly varies. The sandbox writes these answers while it sends them, so the times of these syncs mean
nothing and are left out."""


def memory(lab: Lab) -> Chapter:
    """Measure it."""
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
