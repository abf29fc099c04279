"""Passes long lists of keys to a statement as one parameter.

Two alternatives were measured and are slower. With one parameter for each key, every length makes another statement,
and PostgreSQL's generic plan compares every row with every key: ten times slower on 50,000 jobs. With the keys joined
as rows, PostgreSQL read the whole table for each batch of a first sync, while it had no statistics: 30 times slower on
20,000 jobs. With an array, it looks the keys up in the index even without statistics.
"""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Boolean, ColumnElement, FunctionElement, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import SQLCoreOperations

NUL = "\x00"
LONGEST_KEY = 255
"""Characters of a key. Two of them, with the practice and the tenant, fit into one entry of PostgreSQL's indexes, which
may take 2,704 bytes. SQLite would take any length, and both take the same."""


def is_storable_key(key: str) -> bool:
    """Whether both databases can hold the key: PostgreSQL has no NUL, and its indexes hold no long texts."""
    return NUL not in key and len(key) <= LONGEST_KEY


class _Among(FunctionElement[bool]):
    """Whether a column is one of the texts of a JSON list."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: object = None) -> "_Among":
        """Needs no parentheses inside a condition."""
        return self


@compiles(_Among, "sqlite")
def _in_sqlite(among: _Among, compiler: SQLCompiler, **how: object) -> str:
    column, listed = (compiler.process(clause, **how) for clause in among.clauses)
    return f"{column} IN (SELECT value FROM json_each({listed}))"  # noqa: S608 - only a placeholder is inserted


@compiles(_Among, "postgresql")
def _in_postgresql(among: _Among, compiler: SQLCompiler, **how: object) -> str:
    column, listed = (compiler.process(clause, **how) for clause in among.clauses)
    return f"{column} = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST({listed} AS JSONB))))"


def among(column: SQLCoreOperations[Any], keys: Collection[str]) -> ColumnElement[bool]:
    """Narrow a statement to rows whose `column` is one of these keys. No row has a key with NUL (`is_storable_key`)."""
    return _Among(column, literal(json.dumps([key for key in keys if NUL not in key])))
