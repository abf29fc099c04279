"""The history of the schema: the newest revision, and the revision of a database.

Every command checks this first, so it works without Alembic, which takes longer to load than most commands take to run.
`python -m xpm.store.migrations "what changes"` writes a new revision from the difference between tables and history.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

VERSIONS = Path(__file__).parent / "versions"


@cache
def known() -> frozenset[str | None]:
    """Every revision that this version of the code can bring forward; `None` is a database without tables.

    Files are named after their revisions. They are read once: later, they may be those of another version.
    """
    return frozenset({None, *(file.name.partition("_")[0] for file in VERSIONS.glob("r*.py"))})


def newest() -> str:
    """The newest revision; revisions are numbered."""
    return max(revision for revision in known() if revision)


def applied(connection: Connection) -> str | None:
    """The revision of a database; `None` if it has no tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
