"""The installation a command works on, for commands that also speak to Xero."""

from collections.abc import Iterator
from contextlib import contextmanager

from xpm.integration import Integration


@contextmanager
def integration() -> Iterator[Integration]:
    """Open the installation with its connection to Xero. Raises what `installation` raises."""
    with Integration.opened() as opened:
        yield opened
