"""The history of the schema: which revision is the newest, and which one a database is at.

Every command asks this first, so it is told without Alembic, which takes longer to load than most commands take.
`python -m xpm.store.migrations "what changes"` writes a new revision from the difference between tables and history.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

VERSIONS = Path(__file__).parent / "versions"


def newest() -> str:
    """Name the newest revision; each file is named after its revision, and these are numbered."""
    return max(file.name.partition("_")[0] for file in VERSIONS.glob("r*.py"))


def applied(connection: Connection) -> str | None:
    """Name the revision a database is at; `None` for one without tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
