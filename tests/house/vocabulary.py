"""Finds what the glossary forbids: words, two classes of one name, and names of modules that say nothing."""

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PRODUCT = ("flows", "tasks", "xpm", "console", "cli", "sandbox")
VAGUE = re.compile(r"_?(utils?|helpers?|commons?|managers?|base|misc)")
STORED, SENT = ("xpm", "store", "tables"), ("xpm", "xero", "models")
REVISIONS = ("xpm", "store", "migrations", "versions")  # they keep the words of their time

_TITLE = re.compile(r'\(FYI: "[^"]*"\)')  # an article of FYI's, which has words of its own
_WORD_OF_A_NAME = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NAME_IN_PROSE = re.compile(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b")


@dataclass(frozen=True)
class Violation:
    """One thing that the glossary forbids, and the file that has it."""

    path: str
    what: str


def rows(glossary: str) -> list[list[str]]:
    """The rows of the glossary's tables: word, meaning, in code, not."""
    return [
        line.strip().removeprefix("|").removesuffix("|").split("|") for line in glossary.splitlines() if line[:1] == "|"
    ]


def forbidden_words(glossary: str) -> list[str]:
    """The words in the last column of the glossary's tables."""
    return [word for row in rows(glossary) for word in re.findall("`([^`]+)`", row[-1])]


def violations(tree: Path, glossary: str) -> Iterator[Violation]:
    """Everything below `tree` that the glossary forbids."""
    words = forbidden_words(glossary)
    modules = [path for package in PRODUCT for path in sorted((tree / package).rglob("*.py"))]
    for path in modules:
        place, source = path.relative_to(tree), path.read_text("utf-8")
        if place.parts[:4] != REVISIONS:
            yield from _said(place, words, _names(source), _prose(source))
        if VAGUE.fullmatch(path.stem) or VAGUE.fullmatch(path.parent.name):
            yield Violation(str(place), f"a module called {path.stem}")
    for path in _pages(tree):
        yield from _said(path.relative_to(tree), words, [], [path.read_text("utf-8")])
    yield from _shared_names(tree, modules)


def _pages(tree: Path) -> list[Path]:
    catalogue = tree / "xpm" / "words" / "catalogue.toml"
    return sorted((tree / "console").rglob("*.html")) + [catalogue] * catalogue.exists()


def _said(place: Path, words: Iterable[str], names: Iterable[str], prose: Iterable[str]) -> Iterator[Violation]:
    told = "\n".join(prose)
    text = _TITLE.sub("", " ".join(told.split())).lower().replace("xero practice manager", "xpm")
    called = "\n".join(_spaced(name) for name in {*names, *_NAME_IN_PROSE.findall(told)})
    for word in words:
        if _has(called, word) or ("_" not in word and _has(text, word)):
            yield Violation(str(place), word)


def _has(text: str, word: str) -> bool:
    said = word.lower().replace("_", " ")
    return said in text and _pattern(said).search(text) is not None


@cache
def _pattern(word: str) -> re.Pattern[str]:
    """Finds a word of the glossary, or several of it; it is no part of a longer one, as in `fyi-xpm practice`."""
    return re.compile(rf"(?<![\w-]){re.escape(word)}s?(?![\w-])")


def _spaced(name: str) -> str:
    return " ".join(_WORD_OF_A_NAME.findall(name)).lower()


def _names(source: str) -> Iterator[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return (token.string for token in tokens if token.type == tokenize.NAME)


def _prose(source: str) -> Iterator[str]:
    """Comments, docstrings and every other text."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    yield "\n".join(token.string.lstrip("#") for token in tokens if token.type == tokenize.COMMENT)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _shared_names(tree: Path, modules: Iterable[Path]) -> Iterator[Violation]:
    places: dict[str, list[Path]] = defaultdict(list)
    for path in modules:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(path.relative_to(tree))
    for name, found in places.items():
        if len(found) > 1 and {place.parts[:3] for place in found} != {STORED, SENT}:
            yield Violation(str(found[-1]), f"class {name} is also in {found[0]}")
