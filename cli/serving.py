"""`fyi-xpm console`: starts the console, a program of its own."""

import os
import sys


def console() -> None:
    """Start the console: Apps page, Practice Activity, and the page Xero sends administrators back to."""
    os.execv(sys.executable, [sys.executable, "-m", "console"])  # noqa: S606 - our own program takes this one's place
