"""`fyi-xpm console`: starts the console, a program of its own."""

import os
import sys

from cli.installation import installation


def console() -> None:
    """Start the console: Apps page, Practice Activity, and the page Xero sends administrators back to.

    It listens where XPM_CONSOLE_URL says, until Ctrl-C.
    """
    with installation():
        pass  # what keeps the console from starting is said here, in one line
    os.execv(sys.executable, [sys.executable, "-m", "console"])  # noqa: S606 - our own program takes this one's place
