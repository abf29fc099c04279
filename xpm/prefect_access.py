"""The password of Prefect's API: made once, kept in a file for its owner alone, and used by every program here.

Prefect calls it the auth string (https://docs.prefect.io/v3/advanced/security-settings, "Basic authentication").
Prefect reads its settings while it is imported, so `log_in` comes before that. It needs only the standard library,
since every call of `fyi-xpm` begins with it.

The rules: programs that speak to each other authenticate (OWASP ASVS 5.0, 13.2.1), with no default password (13.2.3)
but with 256 random bits (11.5.1), which only their owner can read (13.3.2).
"""

import os
import re
import secrets
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

FILE = Path(".xpm/prefect-auth-string")
"""Where `fyi-xpm prefect-server` keeps it: below the folder in which the programs are started."""

CLIENT, SERVER, CLOUD = "PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_KEY"
USER, BYTES = "operator", 32


class UnusablePassword(Exception):
    """The file with Prefect's password cannot be used. The message names the file and says why."""


def log_in() -> None:
    """Let Prefect, once imported, use the password of the file, unless the environment or `.env` has one.

    This also turns Prefect's telemetry off, unless the environment says otherwise.

    Raises:
        UnusablePassword: others may read the file, or it holds no password.
    """
    os.environ.setdefault("DO_NOT_TRACK", "1")
    if not any(is_set(name, os.environ) for name in (CLIENT, CLOUD)) and (password := read(FILE)):
        os.environ[CLIENT] = password


def is_set(name: str, environment: Mapping[str, str]) -> bool:
    """Whether the environment, or `.env` in this folder, gives this variable a value. Prefect reads both."""
    if environment.get(name):
        return True
    with suppress(OSError):
        written = Path(".env").read_text("utf-8", errors="replace")
        return (
            re.search(rf"""^[ \t]*(?:export[ \t]+)?{name}[ \t]*=[ \t]*["']?[^\s"'#]""", written, re.MULTILINE)
            is not None
        )
    return False


def read(file: Path) -> str | None:
    """Return the password in the file, or None if there is no such file.

    Raises:
        UnusablePassword: others may read the file, or it holds no password.
    """
    try:
        with file.open(encoding="utf-8") as opened:
            mode, password = os.fstat(opened.fileno()).st_mode, opened.read().strip()
    except FileNotFoundError:
        return None
    if stat.S_IMODE(mode) & 0o077:
        raise UnusablePassword(f"others than its owner may read {file}")
    if not all(password.partition(":")):
        raise UnusablePassword(f"{file} does not hold a user, a colon and a password")
    return password


def make(file: Path) -> str:
    """Return the password in the file, after making one if there is no such file.

    A reader never finds half a file, and two programs that make one at the same time return the same.

    Raises:
        UnusablePassword: there is such a file, but others may read it, or it holds no password.
    """
    if found := read(file):
        return found
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="utf-8") as draft:  # its mode is 0600
        draft.write(f"{USER}:{secrets.token_urlsafe(BYTES)}\n")
        draft.flush()
        os.fsync(draft.fileno())
        with suppress(FileExistsError):
            os.link(draft.name, file)
    return read(file) or make(file)
