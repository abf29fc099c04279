"""The connected practice of the tests of syncs."""

from tests.sync.conftest import server, sqlite_house

__all__ = ["server", "sqlite_house"]
