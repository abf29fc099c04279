"""Texts for a spreadsheet (RFC 4180), and files that only their owner can read."""

import os
from pathlib import Path
from typing import TextIO

OWNER_ONLY = 0o600
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters that make a spreadsheet run a cell as a formula (OWASP: CSV Injection), also in full width."""


def harmless(cell: str) -> str:
    """The cell, with an apostrophe in front if a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def open_for_owner(file: Path) -> TextIO:
    """Open a new file that only its owner can read. A missing folder is made; an existing one keeps its rights.

    The file begins with a byte order mark, which tells a spreadsheet the encoding. Raises OSError.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return open(file, "w", encoding="utf-8-sig", errors="replace", newline="", opener=_private)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER_ONLY)
