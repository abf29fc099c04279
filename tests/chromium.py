"""Starts Chromium without a window, for tests of what a web page can do.

Debian calls it `chromium`; `.ci/run` installs it if it is missing.
"""

import shutil
import subprocess
import tempfile

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
OPTIONS = (
    "--headless",
    "--no-sandbox",  # root may not use it; the pages are the tests' own
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
BUDGET = 20_000  # milliseconds of the page's own time; it stands still while the page waits for an answer
PATIENCE = 120.0  # seconds


class ChromiumMissing(Exception):
    """This machine has no Chromium. The message says how to get it."""


def dom_after(url: str, *options: str) -> str:
    """Open a page, let its scripts run to their end, and return its HTML as it is then.

    Raises:
        ChromiumMissing: there is no Chromium on the path.
    """
    with tempfile.TemporaryDirectory(prefix="chromium-") as profile:
        command = [program(), *OPTIONS, f"--user-data-dir={profile}", f"--virtual-time-budget={BUDGET}", *options]
        done = subprocess.run(  # noqa: S603 - a browser that we looked for
            [*command, "--dump-dom", url], capture_output=True, text=True, check=True, timeout=PATIENCE
        )
    return done.stdout


def program() -> str:
    """Return the path of Chromium. Raises ChromiumMissing."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise ChromiumMissing("This test needs Chromium. On Debian and Ubuntu: sudo apt-get install chromium.")
    return found
