"""A bar for what takes more than a moment: on standard error, and only where somebody watches a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from cli.terminal import terminal


class Bar:
    """What is being done now, how far it is, and the lines that a command prints meanwhile."""

    def __init__(self, bar: Progress, doing: str, of: float | None, lines: Console) -> None:
        """Begin to show `doing`; `of` is how much there is to do, `None` where nobody knows."""
        self._bar = bar
        self._lines = lines
        self._task = bar.add_task(doing, total=of)

    def show(self, doing: str, done: float | None = None, of: float | None = None) -> None:
        """Show what is being done now, and how much of it is done."""
        self._bar.update(self._task, description=doing, completed=done, total=of)

    def advance(self) -> None:
        """Show that one part more is done."""
        self._bar.advance(self._task)

    def print(self, shown: RenderableType) -> None:
        """Print a part of the command's output, while the bar stays."""
        self._lines.print(shown, soft_wrap=isinstance(shown, str | Text))


@contextmanager
def progress(doing: str, of: float | None = None, *, silent: bool = False) -> Iterator[Bar]:
    """Show a bar until the block ends, then remove it. `silent`: print nothing at all; the command prints JSON."""
    console = terminal(errors=True)
    watched = console.is_terminal and not silent
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,
        disable=not watched,
    )
    lines = console if watched and sys.stdout.isatty() else terminal()  # on one terminal the lines go above the bar
    lines.quiet = silent
    with bar:
        yield Bar(bar, doing, of, lines)
