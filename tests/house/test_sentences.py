"""Sentences are for people: no rule of the product looks at which sentence was said."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.vocabulary import PRODUCT
from xpm.words import every_key, every_step

ROOT = Path(__file__).parents[2]
KEYS = frozenset(every_key())


def compared_keys(source: str) -> Iterator[str]:
    """The sentences' keys that a program compares something with."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            constants = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
            yield from (value for value in constants if isinstance(value, str) and value in KEYS)


def test_no_rule_branches_on_the_key_of_a_sentence() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {key}"
        for package in PRODUCT
        for path in (ROOT / package).rglob("*.py")
        for key in compared_keys(path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "planted",
    ['if last.reason_key == "sync.sudden_drop": pass', 'done = said.key in {"consent.granted", "consent.declined"}'],
)
def test_a_planted_branch_on_a_key_is_found(planted: str) -> None:
    assert [*compared_keys(planted)]


def test_every_step_of_the_catalogue_is_one_that_the_product_shows() -> None:
    sources = "\n".join(
        path.read_text("utf-8") for room in ("tasks", "console") for path in (ROOT / room).rglob("*.py")
    )
    assert [step for step in every_step() if f'"{step}"' not in sources] == []
