"""The installation a command works on that also speaks to Xero."""

from collections.abc import Iterator
from contextlib import contextmanager

from cli.installation import require_migrated
from xpm.integration import Integration


@contextmanager
def integration() -> Iterator[Integration]:
    """Open what `cli.installation.installation` opens, with its ways to Xero. Raises as that does."""
    with Integration.opened() as opened:
        require_migrated(opened)
        yield opened
