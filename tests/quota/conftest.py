"""The fixtures of the consent and the pull tests."""

from tests.consent.conftest import harbour, integration, patient
from tests.pull.conftest import connected_once, house, server, sqlite_house

__all__ = ["connected_once", "harbour", "house", "integration", "patient", "server", "sqlite_house"]
