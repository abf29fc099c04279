"""What several commands take: practices, days, countries, time zones and addresses, each checked as it is read.

A check imports what it needs when it runs: most commands need none of it.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Annotated

import typer

from cli.completing import practices

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""What Prefect allows as the key of an artifact, such as `xpm-link-harbour-vale`."""


EARLIEST = date(1980, 1, 1)
"""No practice kept its jobs in a program before this. Each year since the first day costs a nightly request to Xero."""

MOST = 100_000
"""The most entries that a list shows: more than anybody reads."""


def new_slug(given: str) -> str:
    """The short name of a new practice."""
    if not SLUG.fullmatch(given):
        raise typer.BadParameter(
            f"{given!r} has to consist of lower-case letters, digits and single dashes, such as harbour-vale."
        )
    return given


def name(given: str) -> str:
    """A name of a practice, a person or a record."""
    if not given.strip():
        raise typer.BadParameter("it is empty.")
    return given.strip()


def day(given: str) -> date:
    """A date (ISO 8601)."""
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter(f"{given!r} is not a date such as 2019-07-01.") from None


def first_day(given: str) -> date:
    """The first day of a practice's jobs. Tomorrow is allowed: where the practice is, it may be today already."""
    first = day(given)
    if not EARLIEST <= first <= datetime.now(UTC).date() + timedelta(days=1):
        raise typer.BadParameter(f"{given!r} is not a day between {EARLIEST} and today.")
    return first


def moment(given: str) -> datetime:
    """A moment (ISO 8601). Without a zone it means the practice's own clock."""
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter(f"{given!r} is not a time such as 2026-03-02T19:00 or 2026-03-02T08:00Z.") from None


def known_line(given: str) -> str:
    """A line of the audit trail, as a check prints it: its number and its hash."""
    if not re.fullmatch(r"[0-9]{1,18}:[0-9a-f]{64}", given):
        raise typer.BadParameter(f"{given!r} is not a number and a hash, as `fyi-xpm audit verify` prints them.")
    return given


def country(given: str) -> str:
    """A country's two letters (ISO 3166-1)."""
    if given.upper() not in _countries():
        raise typer.BadParameter(f"{given!r} is not a country's two letters, such as AU, NZ or GB.")
    return given.upper()


def time_zone(given: str) -> str:
    """A name of the IANA time zone database."""
    from zoneinfo import available_timezones

    if given not in available_timezones():
        raise typer.BadParameter(f"{given!r} is not a time zone such as Pacific/Auckland.")
    return given


def email(given: str) -> str:
    """An email address. Nobody checks whether it exists."""
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(given.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        raise typer.BadParameter(f"{given!r} is not an email address.") from None


@cache
def _countries() -> frozenset[str]:
    """The countries in the time zone database's own table."""
    from importlib.resources import files

    table = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text("utf-8")
    return frozenset(line[:2] for line in table.splitlines() if not line.startswith("#"))


KnownPractice = Annotated[
    str,
    typer.Argument(help="The practice's short name, as `fyi-xpm practice list` shows it.", autocompletion=practices),
]
"""The first argument of most commands."""

OneOrAll = Annotated[
    str,
    typer.Argument(help="One practice; all of them if left out.", show_default=False, autocompletion=practices),
]
"""The argument of commands that show practices; empty for all of them."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
"""The option of commands that list or report."""

WhoAsks = Annotated[
    str | None,
    typer.Option(parser=email, metavar="EMAIL", help="Your address in FYI, for Practice Activity.", show_default=False),
]
"""The option of commands whose entry in Practice Activity names a person."""
