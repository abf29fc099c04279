"""Finds the catalogue keys that the code uses, by reading its source."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xpm.words import every_key

ROOT = Path(__file__).parents[2]
PACKAGES = ("xpm", "console", "cli", "tasks", "flows")
CHAPTERS = frozenset(key.partition(".")[0] for key in every_key())
KEY = re.compile(rf"(?:{'|'.join(sorted(CHAPTERS))})\.[a-z_]+")
SAYS = frozenset({"message", "stop"})


@dataclass(frozen=True)
class Said:
    """A place in the code that makes a message: the keys it may mean, and the facts it gives (None: not visible)."""

    where: str
    pattern: str
    facts: frozenset[str] | None

    @property
    def keys(self) -> list[str]:
        return [key for key in every_key() if re.fullmatch(self.pattern, key)]


@cache
def everything_said() -> tuple[Said, ...]:
    """Return every call of `message` or `stop` whose key can be read from the source."""
    return tuple(said for path, tree in _modules() for said in _said_in(path, tree))


@cache
def keys_named() -> frozenset[str]:
    """Return every key in the code or in a template, as a literal or as one of a family."""
    literals = {
        node.value
        for path, tree in _modules()
        if "store" not in path.parts or "push" in path.parts  # elsewhere in the store, `consent.id` is a column
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and KEY.fullmatch(node.value)
    }
    pages = (page.read_text("utf-8") for page in (ROOT / "console").rglob("*.html"))
    on_pages = {key for page in pages for key in re.findall(rf"[\"']({KEY.pattern})[\"']", page)}
    families = {key for said in everything_said() for key in said.keys}
    return frozenset(literals | on_pages | families | _families())


def _families() -> frozenset[str]:
    """The keys that a text with placeholders stands for, such as those of refusals, which are kept with the edits."""
    nodes = [node for _, tree in _modules() for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    patterns = [re.compile(one) for node in nodes if (one := _pattern(node)) and re.match(r"[a-z]+\\\.[a-z]", one)]
    return frozenset(key for key in every_key() if any(one.fullmatch(key) for one in patterns))


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text("utf-8"))


def _said_in(path: Path, tree: ast.Module) -> Iterator[Said]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYS and node.args:
            pattern = _pattern(node.args[0])
            if pattern:
                given = [keyword.arg for keyword in node.keywords]
                names = frozenset(name for name in given if name)
                yield Said(f"{path}:{node.lineno}", pattern, None if None in given else names)


def _pattern(key: ast.expr) -> str | None:
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return re.escape(key.value)
    if isinstance(key, ast.JoinedStr):
        return "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z_]+" for part in key.values
        )
    return None
