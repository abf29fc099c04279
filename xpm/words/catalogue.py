"""Reads the catalogue and fills in the facts."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

from pydantic import BaseModel, ConfigDict

from xpm.store.vocabulary import ActivityStatus

STEPS = "step"
"""The chapter whose entries are titles alone."""


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


def step_title(step: str, **facts: object) -> str:
    """The title of a step, as Prefect's UI and the run page show it, e.g. of `choose_account`.

    Raises:
        KeyError: the catalogue has no such step, or its title wants a fact that was not given.
    """
    return _FORMATTER.vformat(_chapters()[STEPS][step], (), facts)


def every_step() -> Iterator[str]:
    """All steps, for checking that code and catalogue agree."""
    return iter(_chapters()[STEPS])


def every_key() -> Iterator[str]:
    """All keys, for checking that code and catalogue agree."""
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
