"""The installation a command works on."""

from collections.abc import Iterator
from contextlib import contextmanager

from xpm.integration import Integration
from xpm.words import stop


@contextmanager
def installation() -> Iterator[Integration]:
    """Open the installation that the environment describes, once its database is known to fit this version.

    Raises:
        Stopped: the database was not migrated.
        StoreError: there is no key, or no database.
        ValidationError: a setting cannot be used.
    """
    with Integration.opened() as integration:
        if not integration.database.schema_is_current():
            raise stop("operator.not_migrated")
        yield integration
