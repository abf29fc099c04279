"""Which tests `make test` runs, and which it leaves to `make check`.

A test marked `deep` goes through everything where its neighbours take an example: each kind of fault, each step to be
killed at, hundreds of sequences, whole programs. `make check` runs it. So is every test on PostgreSQL that is not
marked `also_on_postgresql` with what the two databases might do differently there, and every test that starts the
Prefect server of the command line: starting it takes as long as a hundred tests, and `make test` has one for the flows.
"""

from collections.abc import Container, Iterable
from typing import TypeVar

import pytest
from _pytest.mark.structures import ParameterSet

Value = TypeVar("Value")


def deep_but(examples: Container[Value], values: Iterable[Value]) -> list[ParameterSet]:
    """Parameters of a test that is deep for all values but the examples."""
    return [pytest.param(value, marks=() if value in examples else pytest.mark.deep) for value in values]


def sort_by_profile(items: Iterable[pytest.Item], *, in_groups: bool) -> None:
    """Mark what is deep because of its database, and group what needs PostgreSQL, so that one process serves it."""
    for item in items:
        if _is_in_group(item, "prefect-of-cli"):
            item.add_marker(pytest.mark.deep)
        if _is_on_postgresql(item):
            if not item.get_closest_marker("also_on_postgresql"):
                item.add_marker(pytest.mark.deep)
            if in_groups and not item.get_closest_marker("xdist_group"):
                item.add_marker(pytest.mark.xdist_group("postgresql"))


def _is_in_group(item: pytest.Item, name: str) -> bool:
    return any(name in mark.args for mark in item.iter_markers("xdist_group"))


def _is_on_postgresql(item: pytest.Item) -> bool:
    called_with = getattr(item, "callspec", None)
    return called_with is not None and "postgresql" in called_with.params.values()
