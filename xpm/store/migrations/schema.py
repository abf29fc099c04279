"""Changes the schema, with Alembic, on a connection that the caller holds and commits."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from xpm.store.records.kinds import SCHEMA


def upgrade(connection: Connection) -> None:
    """Apply the missing revisions, within the caller's transaction."""
    command.upgrade(_config(connection), "head")


def differences(connection: Connection) -> list[object]:
    """List how a database differs from the tables; empty for a migrated database."""
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return list(compare_metadata(context, SCHEMA))


def revise(connection: Connection, message: str) -> None:
    """Write a new revision that brings this migrated database to the tables. Read it before you commit it."""
    config = _config(connection)
    taken = (int(one.revision.removeprefix("r")) for one in ScriptDirectory.from_config(config).walk_revisions())
    number = max(taken, default=0) + 1
    command.revision(config, message, autogenerate=True, rev_id=f"r{number:04}")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
