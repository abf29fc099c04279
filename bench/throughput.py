"""How fast a practice loads, compared with a bare script and a general loader that do the same work."""

from importlib.util import find_spec
from pathlib import Path

from bench.contest import Chapter, Contest, Verdict
from bench.lab import STORES, Lab
from bench.measured import Measured, measure
from bench.xero import Xero, xero

TITLE = "Throughput"
OURS, OURS_ON_POSTGRESQL = (f"fyi-xpm, {store}" for store in STORES)
BARE, DLT = "bare script, SQLite", "dlt, SQLite"
FASTER_THAN_DLT, FASTER_THAN_DLT_AGAIN = 3, 30
"""Goals: how many times as fast as dlt, for a first load and for a second one in which nothing changed."""
QUIETLY = {"RUNTIME__DLTHUB_TELEMETRY": "false", "LOAD__WORKERS": "1"}  # 2 workers fail with "database is locked"

PROSE = """{jobs:,} detailed jobs and {clients:,} clients. **fyi-xpm** reads them from the sandbox over HTTP, without
rate limits and with answers rendered beforehand; current jobs arrive twice, as XPM lists them twice. It validates
and compares the records, stores them with their history, commits every 500 and counts both sides. Unchanged records
are recognised by their digest and not parsed. A second process does part of the parsing; its CPU is counted. The
**bare script** reads the same XML from a file with `lxml.iterparse`, keeps 11 columns and the children as JSON, and
upserts everything without validation in one transaction. **dlt** reads the same file with the same code and merges
by UUID with its default strategy, children as JSON. Its second load takes minutes, so only the last round measures
it."""


def throughput(lab: Lab) -> Chapter:
    """Measure throughput."""
    contests = _contests(lab)
    prose = PROSE.format(jobs=lab.sizes.jobs, clients=lab.sizes.clients)
    return Chapter("throughput", TITLE, prose, contests, _verdicts(contests))


def _contests(lab: Lab) -> list[Contest]:
    first: dict[str, list[Measured]] = {name: [] for name in (OURS, OURS_ON_POSTGRESQL, BARE, *_dlt())}
    second: dict[str, list[Measured]] = {name: [] for name in (OURS, OURS_ON_POSTGRESQL, BARE)}
    jobs, clients = lab.sizes.jobs, lab.sizes.clients
    with xero(jobs, clients, lab.folder) as server:
        for _ in range(lab.sizes.rounds):
            side = _Side(lab, server, jobs, clients)
            for runs in (first, second):
                for name, done in runs.items():
                    done.append(side.load(name))
            if len(first[OURS]) == lab.sizes.rounds:
                last = {OURS: second[OURS][-1:], **{name: [side.load(name)] for name in _dlt()}}
            side.clear()
    what, records = f"{jobs:,} jobs and {clients:,} clients", jobs + clients
    return [
        Contest(f"first load, {what}", records, first),
        Contest(f"second load, nothing changed, {what}", records, second),
        Contest(f"second load in the last round, {what}", records, last),
    ]


def _dlt() -> tuple[str, ...]:
    """Return dlt if it is installed. Only `make bench` installs it."""
    return (DLT,) if find_spec("dlt") else ()


class _Side:
    """One round: each contender has a new database and may load it several times."""

    def __init__(self, lab: Lab, server: Xero, jobs: int, clients: int) -> None:
        self._lab, self._server, self._jobs, self._clients = lab, server, jobs, clients
        self._databases: dict[str, str] = {}

    def load(self, contender: str) -> Measured:
        """Load everything; the first load goes into an empty database."""
        first = contender not in self._databases
        if first:
            self._databases[contender] = self._lab.new_database(STORES[contender == OURS_ON_POSTGRESQL])
        database = self._databases[contender]
        if contender in (BARE, DLT):
            return self._opponent("bare" if contender == BARE else "general", database)
        counted = {"added" if first else "unchanged": self._jobs + self._clients}
        return self._lab.sync(self._server.url, database, "jobs", "clients", *(["--first"] * first), **counted)

    def clear(self) -> None:
        """Remove the databases."""
        self._lab.drop(self._databases.values())

    def _opponent(self, program: str, database: str) -> Measured:
        folder: Path = self._lab.folder
        lists = (f"Job={folder / 'jobs.xml'}", f"Client={folder / 'clients.xml'}")
        expect = {"Job": self._jobs, "Client": self._clients}
        return measure(program, database.removeprefix("sqlite:///"), *lists, expect=expect, environment=QUIETLY)


def _verdicts(contests: list[Contest]) -> list[Verdict]:
    first, second, last = contests
    return [
        _verdict(first, BARE, 1),
        _verdict(second, BARE, 1),
        _verdict(first, DLT, FASTER_THAN_DLT),
        _verdict(last, DLT, FASTER_THAN_DLT_AGAIN),
    ]


def _verdict(contest: Contest, opponent: str, times: int) -> Verdict:
    question = f"{TITLE}: {contest.work}, {OURS} against {opponent}"
    goal = "no slower" if times == 1 else f"at least {times} times as fast"
    if opponent not in contest.runs:
        return Verdict(question, goal, "not installed here", None)
    ratio, cpu = contest.ratio(opponent), contest.ratio(opponent, "cpu_seconds")
    found = f"{ratio} times as fast; its CPU is {cpu.median:.2f} times ours"
    return Verdict(question, goal, found, ratio.median >= times)
