"""Searches for secrets, in clear and in base64, in everything a program may have left behind."""

import base64
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

SHORTEST = 12  # characters; shorter parts of a secret would be found by chance
A_JWT = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.")


def forms_of(secret: str) -> set[bytes]:
    """Return the ways a secret may be written: as it is, in an address, and in base64 at any offset."""
    assert len(secret) >= SHORTEST
    forms = {secret.encode(), quote(secret, safe="").encode()}
    for before in range(3):  # base64 turns three bytes into four characters, so there are three offsets
        encoded = base64.b64encode(b"\0" * before + secret.encode())
        inside = encoded[4 if before else 0 : -4]  # without the characters that neighbouring bytes affect
        forms |= {inside, inside.translate(bytes.maketrans(b"+/", b"-_"))}
    return forms


def found_in(secrets: Mapping[str, str], content: bytes) -> set[str]:
    """Return the names of the secrets that are found in the content."""
    named = {name for name, secret in secrets.items() if any(form in content for form in forms_of(secret))}
    return named | ({"a JWT"} if A_JWT.search(content) else set())


def leaks(secrets: Mapping[str, str], files: Iterable[Path]) -> dict[str, set[str]]:
    """Find which secrets are in which file."""
    return {str(file): names for file in files if (names := found_in(secrets, file.read_bytes()))}


def files_below(folder: Path) -> list[Path]:
    """List all files of a folder and its subfolders."""
    return [file for file in folder.rglob("*") if file.is_file()]
