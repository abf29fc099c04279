"""One statement for many rows, prepared once.

SQLAlchemy goes through each parameter of each row, which took longer than what the database then did with them. Here
the statement is compiled, and the conversions that its columns ask for are found, once for all batches.
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
    """An insertion as the driver takes it; each row must name its columns, and may name more."""

    text: str
    names: tuple[str, ...]
    is_positional: bool
    conversions: tuple[tuple[int, Conversion], ...]

    def execute(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Insert these rows. Raises what SQLAlchemy raises for the same statement."""
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
    """Prepare an insertion into these columns of its table, two at least."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    order = tuple(compiled.positiontup or names)
    found = [_conversion(statement.table.c[name].type, dialect) for name in order]
    conversions = tuple((place, convert) for place, convert in enumerate(found) if convert)
    return PreparedInsert(str(compiled), order, compiled.positional, conversions)


def _conversion(kind: TypeEngine[Any], dialect: Dialect) -> Conversion | None:
    """How values of a type go to the driver, if not as they are; days and moments repeat."""
    convert = kind.dialect_impl(dialect).bind_processor(dialect)
    return lru_cache(maxsize=1024)(convert) if convert and isinstance(kind, Date | UtcDateTime) else convert
