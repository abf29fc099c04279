"""Long lists of keys in a statement, as one parameter.

A parameter for each key makes another statement for each length, and a PostgreSQL plan kept for any values then
compares every row with every key: measured, ten times slower than this on 50,000 jobs. As an array, the keys are looked
up in the index also while PostgreSQL knows nothing about a table yet; joined with the table as rows, all its records
were read for each batch of a first sync: measured, 30 times slower on 20,000 jobs.
"""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Boolean, ColumnElement, FunctionElement, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import SQLCoreOperations


class _Among(FunctionElement[bool]):
    """Whether a column is one of the texts of a JSON list."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: object = None) -> "_Among":
        """Stand in a condition as it is."""
        return self


@compiles(_Among, "sqlite")
def _in_sqlite(among: _Among, compiler: SQLCompiler, **how: object) -> str:
    column, listed = (compiler.process(clause, **how) for clause in among.clauses)
    return f"{column} IN (SELECT value FROM json_each({listed}))"  # noqa: S608 - a placeholder goes in


@compiles(_Among, "postgresql")
def _in_postgresql(among: _Among, compiler: SQLCompiler, **how: object) -> str:
    column, listed = (compiler.process(clause, **how) for clause in among.clauses)
    return f"{column} = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST({listed} AS JSONB))))"


def among(column: SQLCoreOperations[Any], keys: Collection[str]) -> ColumnElement[bool]:
    """Narrow a statement to rows whose `column` is one of these keys."""
    return _Among(column, literal(json.dumps(list(keys))))
