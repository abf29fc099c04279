"""The bench runs, with a few records. The times it measures are not tested."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.deep

ROOT = Path(__file__).parents[2]

CHAPTERS = {
    "history": "Cost of history",
    "throughput": "Throughput",
    "memory": "Memory",
    "prefect_share": "Prefect's share",
    "busy_console": "A busy console",
    "hostile_answers": "Hostile answers",
}
CONTENDERS = (
    "without history",
    "with history",
    "fyi-xpm, SQLite",
    "fyi-xpm, PostgreSQL",
    "bare script, SQLite",
    "60 jobs",
    "120 jobs",
    "the library alone",
    "the runbook under Prefect",
    "idle",
    "20 half-open connections, 4 waiting pages",
)
VERSIONS = ("cores", "Python", "SQLite", "PostgreSQL", "lxml", "dlt")
GOALS = (
    19  # six for history, four for throughput, two for Prefect's share, five for hostile answers, one for the others
)


@pytest.mark.timeout(600)  # starts about thirty programs, one after another
def test_the_quick_bench_writes_every_contender_goal_version_and_plot(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--into", str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own

    assert ran.returncode == 0, ran.stderr
    rows = [line.strip("|").split(" | ") for line in (tmp_path / "RESULTS.md").read_text("utf-8").splitlines()]
    first_cells = [row[0].strip() for row in rows]
    assert set(CONTENDERS) <= {row[1].strip() for row in rows if len(row) > 1}
    assert set(VERSIONS) <= set(first_cells)
    assert (
        len([cell for cell in first_cells if cell.startswith(tuple(f"{title}: " for title in CHAPTERS.values()))])
        == GOALS
    )
    for name, title in CHAPTERS.items():
        assert f"## {title}" in first_cells
        assert "<rect" in (tmp_path / f"{name}.svg").read_text("utf-8")
