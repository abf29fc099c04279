"""A progress bar for whatever takes over two seconds: on standard error, and only if that is a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from cli.terminal import terminal


class Bar:
    """A progress bar, and the lines that a command prints while it is shown."""

    def __init__(self, bar: Progress, doing: str, of: float | None, lines: Console) -> None:
        """Start with `doing` as the description. `of` is the total, None if it is unknown."""
        self._bar = bar
        self._lines = lines
        self._task = bar.add_task(doing, total=of)

    def show(self, doing: str, done: float | None = None, of: float | None = None) -> None:
        """Change the description, and how much is done of how much."""
        self._bar.update(self._task, description=doing, completed=done, total=of)

    def advance(self) -> None:
        """Count one more part as done."""
        self._bar.advance(self._task)

    def print(self, shown: RenderableType) -> None:
        """Print part of the command's output while the bar stays."""
        self._lines.print(shown, soft_wrap=isinstance(shown, str | Text))


@contextmanager
def progress(doing: str, of: float | None = None, *, silent: bool = False) -> Iterator[Bar]:
    """Show a bar until the block ends, then remove it. `silent`: show no bar and no lines, for commands with --json."""
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
