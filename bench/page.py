"""Writes the results as one page with plots."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.contest import UNITS, Chapter, Contest, Quantity, Verdict
from bench.plot import plot

PAGE = "RESULTS.md"

INTRODUCTION = """# Measurements

Written by `make bench` in one run on one machine. Each measured program runs in its own process. Contenders take
turns in each round; files and answers are already cached. Ratios are taken within a round and given as median
(minimum to maximum), because they vary less with the machine's load than absolute times. Times exclude imports and
start-up. CPU and memory cover the measured process and the processes it starts, but not the sandbox or the
PostgreSQL server."""

MARKS = {True: "yes", False: "**no**", None: "not measured"}


def write(folder: Path, chapters: Sequence[Chapter], facts: Mapping[str, str]) -> None:
    """Write the page and a plot for each chapter into the folder."""
    for chapter in chapters:
        (folder / f"{chapter.name}.svg").write_text(plot(chapter), encoding="utf-8")
    paragraphs = [INTRODUCTION, _facts(facts), _verdicts(chapters)]
    paragraphs += [_chapter(chapter) for chapter in chapters]
    (folder / PAGE).write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8")


def _facts(facts: Mapping[str, str]) -> str:
    return "\n".join(_table(("", ""), [(name, value) for name, value in facts.items()]))


def _verdicts(chapters: Sequence[Chapter]) -> str:
    verdicts = [verdict for chapter in chapters for verdict in chapter.verdicts]
    return "\n".join(_table(("question", "goal", "found", "met"), [_verdict(verdict) for verdict in verdicts]))


def _verdict(verdict: Verdict) -> tuple[str, ...]:
    return verdict.question, verdict.goal, verdict.found, MARKS[verdict.met]


def _chapter(chapter: Chapter) -> str:
    names = _names(chapter.quantity)
    rows = [row for contest in chapter.contests for row in _rows(contest, chapter.quantity)]
    table = "\n".join(_table(names, rows))
    return f"## {chapter.title}\n\n{chapter.prose}\n\n![{chapter.title}]({chapter.name}.svg)\n\n{table}"


def _names(quantity: Quantity) -> tuple[str, ...]:
    names = ("work", "contender", f"{UNITS[quantity]}, median (min to max)", "ratio to the first contender")
    return (*names, "CPU s", "records/s") if quantity == "seconds" else names


def _rows(contest: Contest, quantity: Quantity) -> Iterator[tuple[str, ...]]:
    for name in contest.runs:
        spread = contest.spread(name, quantity)
        work = contest.work if name == contest.first else ""
        yield work, name, str(spread), str(contest.ratio(name, quantity)), *_speed(contest, name, quantity)


def _speed(contest: Contest, name: str, quantity: Quantity) -> tuple[str, ...]:
    if quantity != "seconds":
        return ()
    cpu, seconds = contest.spread(name, "cpu_seconds").median, contest.spread(name, "seconds").median
    return f"{cpu:.2f}", f"{contest.records / seconds:,.0f}"


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
