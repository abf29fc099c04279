"""What Alembic runs for every command: the caller's connection, one transaction, no configuration file."""

from alembic import context

from xpm.store.tables import StoreTable

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=StoreTable.metadata,
    transactional_ddl=True,  # SQLite can, once the driver does not commit behind our back
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
