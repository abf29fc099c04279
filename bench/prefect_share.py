"""What Prefect costs: a sync of changes in which nothing changed, by the library alone and as the runbook."""

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
MOST_JOBS = 1_000  # a practice of common size: of a larger one, the values of custom fields alone take minutes at first
FEWEST_CALLS = 6  # goal, of a sync of changes

PROSE = """A sync of changes of jobs, clients, staff and custom fields of a practice with {jobs:,} jobs in which nothing
changed, into SQLite: by `xpm.pull.run.run_pull`, and by the flow under a Prefect server of its own on SQLite, with its
tasks, log and artifacts. Prefect's share of the flow's time was {share:.0%}; starting the process and importing Prefect
are not in it. The Prefect server is another process, on the same machine."""


def prefect_share(lab: Lab) -> Chapter:
    """Measure it."""
    jobs = min(lab.sizes.few, MOST_JOBS)
    clients = max(1, jobs // 4)
    runs: dict[str, list[Measured]] = {name: [] for name in CONTENDERS}
    with xero(jobs, clients) as server, _prefect(lab.folder / "prefect") as prefect:
        database = lab.new_database("SQLite")
        lab.sync(server.url, database, "jobs", "clients", "--first", added=jobs + clients)
        environment = {**_installation(server.url, database, lab.key), **prefect}
        _sync("library", "full", environment)  # staff and custom fields come for the first time
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
    """How often one more sync of changes asks Xero, as Xero counts."""
    httpx.delete(f"{url}/sandbox/requests").raise_for_status()
    _sync("prefect", "changes", environment)
    return sum(call["area"] == "xpm" for call in httpx.get(f"{url}/sandbox/requests").raise_for_status().json())


@contextmanager
def _prefect(folder: Path) -> Iterator[Mapping[str, str]]:
    """A server of the bench's own with an empty database, and what leads to it."""
    port = free_port(0)
    settings = {
        "PREFECT_HOME": str(folder),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_TO_CONSOLE": "false",
        "DO_NOT_TRACK": "1",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)]
    with Programs(folder, {**os.environ, **settings}) as programs:
        programs.start("prefect", command, ready=f"{settings['PREFECT_API_URL']}/health")
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
