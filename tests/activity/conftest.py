"""The fixtures of the pull tests, since a person should know what a pull found."""

from tests.pull.conftest import connected_once, house, server, sqlite_house

__all__ = ["connected_once", "house", "server", "sqlite_house"]
