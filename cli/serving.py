"""`fyi-xpm console`: starts the console, which is a program of its own."""

import os
import sys

from cli.installation import installation


def console() -> None:
    """Check the installation, then become the console."""
    with installation():
        pass  # a problem that would stop the console is reported here, in one line
    os.execv(sys.executable, [sys.executable, "-m", "console"])  # noqa: S606 - our own program
