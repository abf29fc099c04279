"""Reads the catalogue and fills in the facts."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

from pydantic import BaseModel, ConfigDict

from xpm.store.vocabulary import ActivityStatus


class Message(BaseModel):
    """One thing said to an administrator: what happened (`title`, `cause`) and what to do next."""

    model_config = ConfigDict(frozen=True)

    key: str
    status: ActivityStatus
    title: str
    cause: str = ""
    next: str = ""

    @property
    def text(self) -> str:
        """The whole message as one paragraph."""
        return " ".join(part for part in (_sentence(self.title), self.cause, self.next) if part)


class _Formatter(Formatter):
    """Writes 12,000 for 12000, as the pages do, unless the sentence asks for the number as one types it (`{…:d}`)."""

    def format_field(self, value: object, format_spec: str) -> str:
        """Write one fact."""
        is_count = type(value) is int and not format_spec
        return str(super().format_field(value, "," if is_count else format_spec))


_FORMATTER = _Formatter()


def message(key: str, **facts: object) -> Message:
    """Say what the catalogue has under `key`, e.g. `preflight.user_inactive`.

    Raises:
        KeyError: the catalogue has no such key, or the sentence wants a fact that was not given.
    """
    entry = _catalogue()[key]
    said = {part: _FORMATTER.vformat(str(text), (), facts) for part, text in entry.items() if part != "status"}
    return Message(key=key, status=ActivityStatus(entry["status"]), **said)


def every_key() -> Iterator[str]:
    """All keys, for checking that code and catalogue agree."""
    return iter(_catalogue())


def _sentence(title: str) -> str:
    return title if title.endswith((".", "?", "!")) else f"{title}."


@cache
def _catalogue() -> Mapping[str, Mapping[str, str]]:
    chapters: dict[str, dict[str, Any]] = tomllib.loads(
        files(__package__).joinpath("catalogue.toml").read_text("utf-8")
    )
    return {f"{chapter}.{key}": entry for chapter, entries in chapters.items() for key, entry in entries.items()}
