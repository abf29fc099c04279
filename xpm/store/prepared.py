"""One statement for many rows, prepared once.

SQLAlchemy goes through each parameter of each row, which took longer than what the database then did with them. Here
the statement is compiled, and the conversions that its columns ask for are found, once for all batches.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Table

Values = Mapping[str, object]


@dataclass(frozen=True)
class PreparedInsert:
    """An insertion as the driver takes it; each row must name its columns, and may name more."""

    text: str
    names: tuple[str, ...]
    is_positional: bool
    conversions: tuple[tuple[int, Callable[[Any], Any]], ...]

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


def prepared(dialect: Dialect, statement: Insert, table: Table, names: Sequence[str]) -> PreparedInsert:
    """Prepare an insertion into these columns of `table`, two at least."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    order = tuple(compiled.positiontup or names)
    found = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in order]
    conversions = tuple((place, convert) for place, convert in enumerate(found) if convert)
    return PreparedInsert(str(compiled), order, compiled.positional, conversions)
