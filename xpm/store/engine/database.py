"""The database: SQLite in a file, or PostgreSQL through psycopg 3, with the same behaviour on both."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlmodel import Session
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from xpm.store import migrations
from xpm.store.engine import postgresql, sqlite
from xpm.store.engine.columns import written_json
from xpm.store.errors import DatabaseUnavailable

DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
PATIENCE = 60  # seconds to wait for a database that answered before: long enough for a restart
MIGRATION_LOCK = 0x78706D  # any number, the same in all our processes: "xpm" in ASCII


class Schema(Enum):
    """How the schema of a database stands to the newest that this version of the code knows."""

    CURRENT = auto()
    OLDER = auto()
    NEWER = auto()  # a later version of the code migrated it


class Database:
    """One database and the sessions on it. Safe to share between threads; make a new one after a fork."""

    def __init__(self, url: str, engine: Engine | None = None) -> None:
        """Prepare the database at `url`, such as `sqlite:///.xpm/xpm.db`, or use an `engine` that is connected to it.

        Raises DatabaseUnavailable for a bad address.
        """
        self.url = _understood(url)
        self.engine = engine or _engine(self.url)
        readonly = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"} if self.is_postgresql else {}
        self._reading = self.engine.execution_options(**{sqlite.READ_ONLY: True}, **readonly)
        self._has_answered = False
        self._hasty = self.engine.execution_options(**{sqlite.HASTY: True})

    def __repr__(self) -> str:
        """Show the address without its password."""
        return f"Database({self.url.render_as_string(hide_password=True)!r})"

    @property
    def is_postgresql(self) -> bool:
        """Whether this is PostgreSQL rather than SQLite."""
        return self.url.get_backend_name() == "postgresql"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that sees one consistent state and in which writes fail."""
        with self._connection(self._reading) as connection, _session(connection) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session that commits at the end of the block, or rolls back if the block raises.

        On SQLite it takes the write lock at the start, so that two writers queue instead of failing half-way.
        """
        with self._connection(self.engine) as connection, _session(connection) as session:
            yield session
            session.commit()

    @contextmanager
    def write_hastily(self) -> Iterator[Session]:
        """Like `write`, but does not wait for the disk: the transaction may be lost if the machine's power fails."""
        with self._connection(self._hasty) as connection, _session(connection) as session:
            if self.is_postgresql:
                postgresql.hurry(session.connection())
            yield session
            session.commit()

    def migrate(self) -> None:
        """Bring the schema to the newest revision. Processes that start together wait for the first of them."""
        from xpm.store.migrations import schema  # noqa: PLC0415 - imports Alembic, which is slow and needed only here

        with self._connection(self.engine) as connection, connection.begin():
            if self.is_postgresql:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            schema.upgrade(connection)

    def schema(self) -> Schema:
        """Compare the database's schema with the one that this version of the code knows as the newest."""
        with self._connection(self._reading) as connection:
            applied = migrations.applied(connection)
        if applied == migrations.newest():
            return Schema.CURRENT
        return Schema.OLDER if applied in migrations.known() else Schema.NEWER

    def schema_is_current(self) -> bool:
        """Whether every migration has been applied, and none that is unknown here."""
        return self.schema() is Schema.CURRENT

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _connection(self, engine: Engine) -> Iterator[Connection]:
        try:
            connection = self._connect(engine)
        except DBAPIError as error:
            raise DatabaseUnavailable(f"{self!r}: {error.orig}") from error
        self._has_answered = True
        with connection:
            try:
                yield connection
            except DBAPIError as error:
                if error.connection_invalidated or sqlite.is_busy(error):
                    raise DatabaseUnavailable(f"{self!r}: {error.orig}") from error
                raise

    def _connect(self, engine: Engine) -> Connection:
        """Connect. A database that answered before may be restarting: try for a while, since nothing has begun."""
        try:
            return engine.connect()
        except OperationalError:
            if not self._has_answered:
                raise
        again = Retrying(
            retry=retry_if_exception_type(OperationalError),
            stop=stop_after_delay(PATIENCE),
            wait=wait_random_exponential(0.1, max=2),
            reraise=True,
        )
        return again(engine.connect)


def _session(connection: Connection) -> Session:
    return Session(bind=connection, expire_on_commit=False)


def _understood(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: the port is not a number
        raise DatabaseUnavailable("the database URL cannot be read") from None  # the error's text may hold a password
    if parsed.drivername not in DRIVERS:
        raise DatabaseUnavailable(f"no support for {parsed.drivername} databases; use sqlite or postgresql")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise DatabaseUnavailable("SQLite needs a file: several processes share the database")
    return parsed.set(drivername=DRIVERS[parsed.drivername])


def _engine(url: URL) -> Engine:
    # parameters are hidden because errors are logged, and rows hold people's data
    if url.get_backend_name() == "postgresql":
        server = create_engine(url, pool_pre_ping=True, hide_parameters=True, json_serializer=written_json)
        postgresql.prepare(server)
        return server
    file = Path(url.database or "")
    try:
        sqlite.create(file)
    except OSError as error:
        raise DatabaseUnavailable(f"{file} cannot be made: {error.strerror}") from error
    engine = create_engine(url, hide_parameters=True, json_serializer=written_json)
    sqlite.prepare(engine)
    return engine
