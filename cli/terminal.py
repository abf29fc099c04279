"""How commands print: names and messages exactly as they are, tables as wide as the terminal."""

import os
import sys

from rich.console import Console

UNSEEN_WIDTH = 120  # columns where there is no terminal to ask: a pipe, a file, a CI log


def terminal(*, errors: bool = False) -> Console:
    """A console for standard output, or for standard error.

    Markup is off: what is printed may hold brackets, which people write in names. A pipe gets a fixed width, so that
    tables do not depend on where a job runs; COLUMNS overrides it.
    """
    stream = sys.stderr if errors else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else UNSEEN_WIDTH
    return Console(stderr=errors, width=width, markup=False, highlight=False, emoji=False)


def say(text: str) -> None:
    """Print a sentence on one line, however long: it may hold an address or a command to copy."""
    terminal().print(text, soft_wrap=True)
