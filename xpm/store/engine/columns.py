"""Column types that behave the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pydantic_core import to_json
from sqlalchemy import JSON, DateTime, Dialect, Numeric, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

Word = TypeVar("Word", bound=StrEnum)


def written_json(value: object) -> str:
    """The text that a `Json` column stores. A `str` is taken as JSON: no such column holds a plain text."""
    return value if isinstance(value, str) else to_json(value).decode()


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""JSONB on PostgreSQL, JSON text on SQLite. `None` is SQL's NULL, never JSON's `null`."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Takes only aware times and always returns aware UTC. SQLite stores sortable text without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC. Raises ValueError for a naive time, which could be in any time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC, whatever zone the server's session has."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """Money: NUMERIC on PostgreSQL; text on SQLite, whose only fraction type is binary and would round.

    Values come back equal. SQLite compares them as text, so sort and sum in Python.
    """

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use text on SQLite, which has no exact fraction type."""
        exact: TypeEngine[Any] = String() if dialect.name == "sqlite" else Numeric()
        return dialect.type_descriptor(exact)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | str | None:
        """Raise ValueError for anything but a finite Decimal: a float has already lost digits."""
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite():
            raise ValueError("an amount needs a finite Decimal")
        return format(value, "f") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Decimal | str | None, dialect: Dialect) -> Decimal | None:
        """Read SQLite's text as a Decimal."""
        return Decimal(value) if isinstance(value, str) else value


class OneOf(TypeDecorator[Word], Generic[Word]):
    """A word of a closed list, stored as plain text so that a new word needs no migration."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[Word]) -> None:
        """Accept only members of `words` or their values."""
        super().__init__()
        self.words = words

    def process_bind_param(self, value: Word | str | None, dialect: Dialect) -> str | None:
        """Raise ValueError for a word that is not on the list."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Word | None:
        """Return the enum member instead of the text."""
        return None if value is None else self.words(value)
