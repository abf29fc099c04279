"""Reads an XPM list from a file with lxml, for both competitors: no validation, every element as text."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from bench.measured import Counts, say

Record = dict[str, Any]

LISTS = frozenset({"Assigned", "Tasks", "Milestones", "Notes", "Comments", "Contacts", "Groups", "Relationships"})
"""Elements that contain records."""


def load_what_is_asked(load: Callable[[Path, dict[str, Path]], Counts]) -> None:
    """Run a competitor: load the files into the database, both from the command line, and print what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("database", type=Path)
    parser.add_argument("files", nargs="+", metavar="TAG=FILE")
    asked = parser.parse_args()
    files = {tag: Path(file) for tag, file in (given.split("=", 1) for given in asked.files)}
    say(lambda: load(asked.database, files))


def records(file: Path, tag: str) -> Iterator[Record]:
    """Yield every record of the file, its children as lists. Memory does not grow with the file."""
    for _, element in etree.iterparse(file, tag=tag):
        yield _record(element)
        element.clear()
        while (older := element.getprevious()) is not None:
            element.getparent().remove(older)


def _record(element: etree._Element) -> Record:
    return {child.tag: _value(child) for child in element}


def _value(element: etree._Element) -> object:
    if element.tag in LISTS:
        return [_record(child) for child in element]
    return _record(element) if len(element) else element.text
