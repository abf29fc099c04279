"""Asks a person to type a number before many things are changed at once."""

import sys

import typer

from xpm.words import message


def typed_number(count: int) -> int | None:
    """The number that somebody typed when asked for this one; `None` for anything else, or if nobody is there.

    A pipe is read without a question, which nobody would see.
    """
    try:
        answer = _asked(message("push.asked_all", count=count).title) if sys.stdin.isatty() else sys.stdin.readline()
        return int(answer)
    except (typer.Abort, ValueError):
        return None


def _asked(question: str) -> str:
    return str(typer.prompt(question, default="", show_default=False, err=True))
