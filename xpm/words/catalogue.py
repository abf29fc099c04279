"""Reads the words catalogue and fills in the facts."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

from pydantic import BaseModel, ConfigDict

from xpm.store.vocabulary import ActivityStatus

STEPS = "step"
"""The chapter whose entries are only titles."""


class Message(BaseModel):
    """One message to an administrator: what happened (`title`, `cause`) and what to do next."""

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
    """Writes 12000 as 12,000, like the pages, unless the sentence wants the number as a person types it (`{…:d}`)."""

    def format_field(self, value: object, format_spec: str) -> str:
        """Format one fact."""
        is_count = type(value) is int and not format_spec
        return str(super().format_field(value, "," if is_count else format_spec))


_FORMATTER = _Formatter()


def message(key: str, **facts: object) -> Message:
    """Fill in the catalogue's entry for `key`, e.g. `preflight.user_inactive`.

    Raises:
        KeyError: the catalogue has no such key, or the sentence needs a fact that was not given.
    """
    entry = _catalogue()[key]
    texts = {part: _FORMATTER.vformat(str(text), (), facts) for part, text in entry.items() if part != "status"}
    return Message(key=key, status=ActivityStatus(entry["status"]), **texts)


def step_title(step: str, **facts: object) -> str:
    """Return the title of a step, e.g. `choose_account`, as Prefect's UI and the run page show it.

    Raises:
        KeyError: the catalogue has no such step, or its title needs a fact that was not given.
    """
    return _FORMATTER.vformat(_chapters()[STEPS][step], (), facts)


def every_step() -> Iterator[str]:
    """List all steps, to check that code and catalogue agree."""
    return iter(_chapters()[STEPS])


def every_key() -> Iterator[str]:
    """List all keys, to check that code and catalogue agree."""
    return iter(_catalogue())


def _sentence(title: str) -> str:
    return title if title.endswith((".", "?", "!")) else f"{title}."


@cache
def _catalogue() -> Mapping[str, Mapping[str, str]]:
    return {
        f"{chapter}.{key}": entry
        for chapter, entries in _chapters().items()
        if chapter != STEPS
        for key, entry in entries.items()
    }


@cache
def _chapters() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(files(__package__).joinpath("catalogue.toml").read_text("utf-8"))
