"""Secrets to look for, in clear and in base64, wherever a program may have left something."""

import base64
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

SHORTEST = 12  # characters of a secret that are worth a search; shorter ones are found by chance
A_JWT = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.")


def forms_of(secret: str) -> set[bytes]:
    """The ways a secret may be written: as it is, as part of an address, and in base64 wherever it begins there."""
    assert len(secret) >= SHORTEST
    forms = {secret.encode(), quote(secret, safe="").encode()}
    for before in range(3):  # base64 of three bytes is four characters: three ways to lie in it
        encoded = base64.b64encode(b"\0" * before + secret.encode())
        inside = encoded[4 if before else 0 : -4]  # without the characters that the neighbours have a part in
        forms |= {inside, inside.translate(bytes.maketrans(b"+/", b"-_"))}
    return forms


def found_in(secrets: Mapping[str, str], content: bytes) -> set[str]:
    """Names of the secrets that are somewhere in there."""
    named = {name for name, secret in secrets.items() if any(form in content for form in forms_of(secret))}
    return named | ({"a JWT"} if A_JWT.search(content) else set())


def leaks(secrets: Mapping[str, str], files: Iterable[Path]) -> dict[str, set[str]]:
    """Which secrets are in which file."""
    return {str(file): names for file in files if (names := found_in(secrets, file.read_bytes()))}


def files_below(folder: Path) -> list[Path]:
    """All files of a folder and its folders."""
    return [file for file in folder.rglob("*") if file.is_file()]
