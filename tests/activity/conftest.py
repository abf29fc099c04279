"""The fixtures of the pull tests: what a pull found is what a person should know."""

from tests.pull.conftest import connected_once, house, server, sqlite_house

__all__ = ["connected_once", "house", "server", "sqlite_house"]
