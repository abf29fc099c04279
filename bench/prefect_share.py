"""The cost of Prefect: a changes sync in which nothing changed, run by the library alone and as the runbook."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.contest import Chapter, Contest, Verdict
from bench.lab import Lab
from bench.measured import Measured, measure
from bench.ours import PLENTY
from bench.xero import xero
from cli.demo.programs import Programs, free_port
from sandbox.world import CLIENT_ID, CLIENT_SECRET

TITLE = "Prefect's share"
CONTENDERS = {"the library alone": "library", "the runbook under Prefect": "prefect"}
MOST_JOBS = 1_000  # a common size; in a larger practice the first sync of custom-field values alone takes minutes
FEWEST_CALLS = 6  # goal: calls to Xero of one changes sync

PROSE = """A changes sync of jobs, clients, staff and custom fields in which nothing changed, for a practice with
{jobs:,} jobs, into SQLite. It runs once by `xpm.pull.pull.run_pull` and once as the flow, with its tasks, log and
artifacts, under its own Prefect server on SQLite. Prefect's share of the flow's time was {share:.0%}, without
process start and the import of Prefect. The Prefect server is another process on the same machine."""


def prefect_share(lab: Lab) -> Chapter:
    """Measure Prefect's share."""
    jobs = min(lab.sizes.few, MOST_JOBS)
    clients = max(1, jobs // 4)
    runs: dict[str, list[Measured]] = {name: [] for name in CONTENDERS}
    with xero(jobs, clients) as server, _prefect(lab.folder / "prefect") as prefect:
        database = lab.new_database("SQLite")
        lab.sync(server.url, database, "jobs", "clients", "--first", added=jobs + clients)
        environment = {**_installation(server.url, database, lab.key), **prefect}
        _sync("library", "full", environment)  # the first sync of staff and custom fields
        nightly = _sync("library", "full", environment)
        for _ in range(lab.sizes.rounds):
            for name, way in CONTENDERS.items():
                runs[name].append(_sync(way, "changes", environment))
        calls = _calls(server.url, environment)
    contest = Contest("sync of changes, nothing changed", jobs + clients, runs)
    share = 1 - 1 / contest.ratio("the runbook under Prefect").median
    verdicts = [
        Verdict(f"{TITLE}: calls to Xero", f"at most {FEWEST_CALLS}", str(calls), calls <= FEWEST_CALLS),
        _verdict_on_rows(nightly.counts["rows"]),
    ]
    return Chapter("prefect_share", TITLE, PROSE.format(jobs=jobs, share=share), [contest], verdicts)


def _verdict_on_rows(rows: int) -> Verdict:
    question = f"{TITLE}: rows of records and history that an unchanged full sync writes"
    return Verdict(question, "none", str(rows), rows == 0)


def _sync(way: str, mode: str, environment: Mapping[str, str]) -> Measured:
    return measure("quiet", way, mode, environment=environment)


def _calls(url: str, environment: Mapping[str, str]) -> int:
    """Return how many XPM calls one more changes sync makes, by the sandbox's request log."""
    httpx.delete(f"{url}/sandbox/requests").raise_for_status()
    _sync("prefect", "changes", environment)
    return sum(call["area"] == "xpm" for call in httpx.get(f"{url}/sandbox/requests").raise_for_status().json())


@contextmanager
def _prefect(folder: Path) -> Iterator[Mapping[str, str]]:
    """Run a Prefect server with an empty database and give the settings that lead to it."""
    port = free_port(0)
    settings = {
        "PREFECT_HOME": str(folder),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_TO_CONSOLE": "false",
        "DO_NOT_TRACK": "1",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)]
    with Programs(folder) as programs:
        ready = f"{settings['PREFECT_API_URL']}/health"
        programs.start("prefect", command, {**os.environ, **settings}, ready=ready)
        yield settings


def _installation(url: str, database: str, key: str) -> Mapping[str, str]:
    return {
        "XPM_DATABASE_URL": database,
        "XPM_ENCRYPTION_KEYS": key,
        "XERO_CLIENT_ID": CLIENT_ID,
        "XERO_CLIENT_SECRET": CLIENT_SECRET,
        "XERO_TOKEN_URL": f"{url}/connect/token",
        "XERO_CONNECTIONS_URL": f"{url}/connections",
        "XERO_XPM_URL": f"{url}/practicemanager/3.1/",
        "XERO_CALLS_PER_MINUTE": str(PLENTY),
        "XERO_CALLS_PER_DAY": str(PLENTY),
    }
