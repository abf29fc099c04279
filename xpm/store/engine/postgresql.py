"""Keeps row contents out of PostgreSQL's errors, and lets a transaction not wait for the disk."""

from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, event, func, select
from sqlalchemy.engine import ExceptionContext


def prepare(engine: Engine) -> None:
    """Keep row contents out of the errors of `engine`."""
    event.listen(engine, "handle_error", _leave_out_the_row)


def _leave_out_the_row(context: ExceptionContext) -> None:
    """Remove the server's DETAIL ("Failing row contains …"), since errors are logged and rows hold people's data."""
    from psycopg import Error  # noqa: PLC0415 - only PostgreSQL needs the driver, and has loaded it by now

    error, wrapped = context.original_exception, context.sqlalchemy_exception
    if isinstance(error, Error) and error.diag.message_detail and wrapped is not None:
        wrapped.args = (f"({type(error).__name__}) {error.diag.message_primary}",)
        error.args = (error.diag.message_primary,)


def hurry(connection: Connection) -> None:
    """Let the present transaction commit before it is safe on disk. A crash may lose this transaction, but no other."""
    connection.exec_driver_sql("SET LOCAL synchronous_commit = off")


def clock(connection: Connection) -> datetime:
    """The time by the server's clock, which is the same for every computer that asks."""
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)
