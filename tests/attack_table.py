"""Writes the pages of docs that list attacks, from the data that the tests carry out."""

from collections.abc import Iterable, Sequence


def written(
    title: str, prose: Sequence[str], columns: Sequence[str], rows: Iterable[Sequence[str]], after: Sequence[str] = ()
) -> str:
    """Return a page in Markdown: a title, lines of prose, the table, and lines that follow it."""
    table = [_row(columns), _row(["---"] * len(columns)), *map(_row, rows)]
    return "\n".join([f"# {title}", "", *prose, "", *table, "", *([*after, ""] if after else [])])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
