"""The installation a command works on, for commands that need only its database."""

from collections.abc import Iterator
from contextlib import contextmanager

from xpm.installation import Installation


@contextmanager
def installation() -> Iterator[Installation]:
    """Open the installation that the environment describes, after checking that its database fits this version.

    Raises:
        Stopped: the database was not migrated.
        StoreError: there is no key, or no database.
        ValidationError: a setting cannot be used.
    """
    with Installation.opened() as opened:
        yield opened
