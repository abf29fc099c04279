"""What Alembic runs for every command: the caller's connection, one transaction, no configuration file."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, String

from xpm.store.engine.columns import ExactDecimal, OneOf, UtcDateTime
from xpm.store.records.kinds import SCHEMA


def written(kind: str, item: Any, autogenerate: AutogenContext) -> str | Literal[False]:  # noqa: ANN401 - Alembic's own signature
    """Write our column types by the names that a revision imports, and closed lists of words as text."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime | ExactDecimal | JSON):
        name = "Json" if isinstance(item, JSON) else type(item).__name__
        autogenerate.imports.add(f"from xpm.store.engine.columns import {name}")
        return name if name == "Json" else f"{name}()"
    return "sa.String()" if isinstance(item, String | OneOf) or type(item).__name__ == "AutoString" else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SCHEMA,
    transactional_ddl=True,  # SQLite can do this now that the driver does not commit before DDL
    render_item=written,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
