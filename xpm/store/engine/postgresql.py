"""How PostgreSQL's errors are kept from telling what is in a row, and what it need not wait for."""

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext


def prepare(engine: Engine) -> None:
    """Set up the errors of `engine`."""
    event.listen(engine, "handle_error", _leave_out_the_row)


def _leave_out_the_row(context: ExceptionContext) -> None:
    """Cut the server's DETAIL ("Failing row contains …") out: errors are logged, and rows hold people's data."""
    from psycopg import Error  # noqa: PLC0415 - only PostgreSQL needs the driver, and has loaded it by now

    error, wrapped = context.original_exception, context.sqlalchemy_exception
    if isinstance(error, Error) and error.diag.message_detail and wrapped is not None:
        wrapped.args = (f"({type(error).__name__}) {error.diag.message_primary}",)
        error.args = (error.diag.message_primary,)


def hurry(connection: Connection) -> None:
    """Let the transaction that is under way end before it is safe on disk; a crash may lose it, and nothing else."""
    connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
