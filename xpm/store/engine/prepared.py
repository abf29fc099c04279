"""Inserts many rows with a statement that is prepared once.

SQLAlchemy processes each parameter of each row, which took longer than the database's own work. Here the statement is
compiled, and the conversions of its columns are found, once for all batches.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Date, Dialect, Insert
from sqlalchemy.types import TypeEngine

from xpm.store.engine.columns import UtcDateTime

Values = Mapping[str, object]
Conversion = Callable[[Any], Any]


@dataclass(frozen=True)
class PreparedInsert:
    """An insertion in the driver's form. Each row must name its columns, and may name more."""

    text: str
    names: tuple[str, ...]
    is_positional: bool
    conversions: tuple[tuple[int, Conversion], ...]

    def execute(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Insert these rows. Raises what SQLAlchemy would raise for the same statement."""
        if rows:
            connection.exec_driver_sql(self.text, self._parameters(rows))

    def _parameters(self, rows: Sequence[Values]) -> list[Any]:
        chosen = itemgetter(*self.names)
        parameters: list[Any] = []
        for row in rows:
            values = list(chosen(row))
            for place, convert in self.conversions:
                values[place] = convert(values[place])
            parameters.append(tuple(values) if self.is_positional else dict(zip(self.names, values, strict=True)))
        return parameters


def prepared(dialect: Dialect, statement: Insert, names: Sequence[str]) -> PreparedInsert:
    """Prepare an insertion into these columns of its table, at least two."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    order = tuple(compiled.positiontup or names)
    found = [_conversion(statement.table.c[name].type, dialect) for name in order]
    conversions = tuple((place, convert) for place, convert in enumerate(found) if convert)
    return PreparedInsert(str(compiled), order, compiled.positional, conversions)


def _conversion(kind: TypeEngine[Any], dialect: Dialect) -> Conversion | None:
    """The conversion of a type's values for the driver, if any. Days and moments are cached, since they repeat."""
    convert = kind.dialect_impl(dialect).bind_processor(dialect)
    return lru_cache(maxsize=1024)(convert) if convert and isinstance(kind, Date | UtcDateTime) else convert
