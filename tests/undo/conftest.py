"""The fixtures of the pull tests: what a pull did is what is undone."""

from tests.pull.conftest import connected_once, house, server, sqlite_house

__all__ = ["connected_once", "house", "server", "sqlite_house"]
