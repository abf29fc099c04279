"""How commands print: names and messages exactly as they are, tables as wide as the terminal.

Only characters that control a terminal are replaced: names come from Xero, and so from whoever may write them there.
"""

import os
import sys
from collections.abc import Iterable

import rich.table
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment

from xpm.xero.printable import printable

UNSEEN_WIDTH = 120  # columns where there is no terminal to ask: a pipe, a file, a CI log


class WholeTable(rich.table.Table):
    """A table that wraps what is too long for its column, and cuts nothing: people need whole addresses and numbers."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render with columns that wrap within words as well."""
        for column in self.columns:
            column.overflow = "fold"
        yield from super().__rich_console__(console, options)


class _Terminal(Console):
    """A console that prints no control characters but its own."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render as usual. What is text is made printable; what rich itself tells the terminal is no text."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


def terminal(*, errors: bool = False) -> Console:
    """A console for standard output, or for standard error.

    Markup is off: what is printed may hold brackets, which people write in names. A pipe gets a fixed width, so that
    tables do not depend on where a job runs; COLUMNS overrides it.
    """
    stream = sys.stderr if errors else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else UNSEEN_WIDTH
    return _Terminal(stderr=errors, width=width, markup=False, highlight=False, emoji=False)


def say(text: str) -> None:
    """Print a sentence on one line, however long: it may hold an address or a command to copy."""
    terminal().print(text, soft_wrap=True)
