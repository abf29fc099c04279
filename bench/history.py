"""The cost of keeping every record's history: the same syncs with and without it."""

from bench.contest import Chapter, Contest, Verdict
from bench.lab import STORES, Lab
from bench.measured import Measured
from bench.xero import xero

TITLE = "Cost of history"
CONTENDERS = {"without history": ("--without-history",), "with history": ()}
FIRST, CHANGED, UNCHANGED = "first load", "every job changed", "nothing changed"
STEPS = {FIRST: "added", CHANGED: "changed", UNCHANGED: "unchanged"}
"""The syncs of a round, and the count in which all jobs must appear."""
ADDS, ADDS_TO_NOTHING = 1.25, 1.05  # times
"""Goals: history may add a quarter to a sync with changes, and nothing (within noise) to a sync without."""

PROSE = """Three full syncs of {jobs:,} detailed jobs: the first load, one after every job was changed in XPM, and
one after nothing changed. *Without history* is the same program, but in the measured process the three methods of
`xpm.store.records.changes.ChangeLog` that write history do nothing."""


def history(lab: Lab) -> Chapter:
    """Measure the cost of history."""
    jobs = lab.sizes.some
    contests = [_contest(jobs, store, step, runs) for (store, step), runs in _runs(lab).items()]
    verdicts = [_verdict(contest) for contest in contests]
    return Chapter("history", TITLE, PROSE.format(jobs=jobs), contests, verdicts)


def _runs(lab: Lab) -> dict[tuple[str, str], dict[str, list[Measured]]]:
    runs: dict[tuple[str, str], dict[str, list[Measured]]] = {
        (store, step): {contender: [] for contender in CONTENDERS} for store in STORES for step in STEPS
    }
    with xero(lab.sizes.some, 1, lab.folder) as server:
        for _ in range(lab.sizes.rounds):
            databases = {(store, name): lab.new_database(store) for store in STORES for name in CONTENDERS}
            for step, counted in STEPS.items():
                if step == CHANGED:
                    server.change_every_job()
                first = ("--first",) if step == FIRST else ()
                for (store, name), database in databases.items():
                    arguments = ("jobs", *first, *CONTENDERS[name])
                    measured = lab.sync(server.url, database, *arguments, **{counted: lab.sizes.some})
                    runs[store, step][name].append(measured)
            lab.drop(databases.values())
    return runs


def _contest(jobs: int, store: str, step: str, runs: dict[str, list[Measured]]) -> Contest:
    return Contest(f"{step}, {store}", jobs, runs)


def _verdict(contest: Contest) -> Verdict:
    most = ADDS_TO_NOTHING if contest.work.startswith(UNCHANGED) else ADDS
    ratio, cpu = contest.ratio("with history"), contest.ratio("with history", "cpu_seconds")
    found = f"{ratio} times; {cpu.median:.2f} times the CPU"
    return Verdict(f"{TITLE}: {contest.work}", f"under {most:.2f} times the time without", found, ratio.median < most)
