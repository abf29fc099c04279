"""Finds what the project's documents name and the tree does not have: files, folders, modules, functions."""

import re
from collections.abc import Iterator
from pathlib import Path

TOP = ("flows", "tasks", "xpm", "console", "cli", "sandbox", "tests", "bench", "docs", ".ci", ".github")
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs")

_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_TO_BE_WRITTEN = re.compile(r"^New file `[^`]+`", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s#]+)[^)]*\)")
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(rf"(?:{'|'.join(map(re.escape, TOP))})(?:/[\w.-]+)*/?|[\w.-]+\.(?:py|toml|md|ya?ml|lock)")
_MODULE = re.compile(rf"(?:{'|'.join(name for name in TOP if name.isalpha())})(?:\.\w+)+")


def documents(tree: Path) -> list[Path]:
    """The documents of the project."""
    there = [tree / name for name in DOCUMENTS]
    return [page for place in there for page in (sorted(place.rglob("*.md")) if place.is_dir() else [place])]


def lost(tree: Path, page: Path) -> Iterator[str]:
    """Everything that one document names and that is not there."""
    text = _TO_BE_WRITTEN.sub("", _BLOCK.sub("", page.read_text("utf-8")))
    yield from _lost_links(page, text)
    for line in text.splitlines():
        named = _CODE.findall(_LINK.sub("", line))
        beside = [tree / name for name in named if (tree / name).is_dir()]  # a row of a map names its folder first
        for name in named:
            places = [tree, page.parent, *beside]
            if _PATH.fullmatch(name):
                is_there = any((place / name).exists() for place in places)
            else:
                is_there = not _MODULE.fullmatch(name) or _is_importable(tree, name)
            if not is_there:
                yield name


def _lost_links(page: Path, text: str) -> Iterator[str]:
    for label, target in _LINK.findall(text):
        place = page.parent / target
        if "://" in target:
            continue
        if not place.exists():
            yield target
        elif place.suffix == ".py" and (name := label.strip("`")) != label and not _has(place, name):
            yield f"{name} in {target}"


def _is_importable(tree: Path, dotted: str) -> bool:
    """Whether that is a module, or a name in one."""
    place = tree.joinpath(*dotted.split("."))
    if place.is_dir() or place.with_suffix(".py").exists():
        return True
    above = place.parent / "__init__.py" if place.parent.is_dir() else place.parent.with_suffix(".py")
    return above.exists() and re.search(rf"\b{place.name}\b", above.read_text("utf-8")) is not None


def _has(file: Path, name: str) -> bool:
    return re.search(rf"^\s*(?:def|class) {re.escape(name)}\b", file.read_text("utf-8"), re.MULTILINE) is not None
