"""Databases in which a test of migrations makes the tables itself."""

from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from xpm.store.engine.database import Database


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Create a database without tables and return its URL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server = make_url(request.getfixturevalue("postgresql_server"))
    admin = Database(server.render_as_string(hide_password=False))
    name = f"empty_{tmp_path.name.lower().replace('[', '_').replace(']', '_').replace('-', '_')}"
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.close()
    return server.set(database=name).render_as_string(hide_password=False)
