"""`fyi-xpm doctor`: whether this installation is fit to run, and if not, what to do."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import datetime
from typing import NoReturn

import httpx
from prefect.client.schemas.objects import WorkerStatus
from prefect.settings import PREFECT_API_URL
from pydantic import BaseModel, ConfigDict
from rich.text import Text

from cli.answers import answer
from cli.deploying import POOL
from cli.heartbeat import WATCH
from cli.notifying import RUNBOOK
from cli.prefect_server import prefect
from cli.progress import progress
from cli.refusals import refusal
from cli.strangers import answered
from cli.terminal import terminal
from xpm.settings import Settings
from xpm.store import news, practices
from xpm.store.consent import sealed
from xpm.store.consent.sealed import Seal
from xpm.store.consent.vault import Vault
from xpm.store.engine import postgresql
from xpm.store.engine.database import Database, Schema
from xpm.store.errors import DatabaseUnavailable
from xpm.store.vocabulary import ActivityStatus
from xpm.words import Message, message
from xpm.xero.clock import TOLERANCE, utc_now
from xpm.xero.http.answers import server_time
from xpm.xero.http.client import open_client
from xpm.xero.http.date import ask_time
from xpm.xero.scopes import (
    LASTING_LOGIN,
    allowing_changes,
    may_read_any,
    may_write,
    missing_scopes,
    missing_to_write,
)

DEPLOYMENTS = (
    "reconnect/reconnect-and-resync",
    "sync/sync-practice",
    "sync/overnight",
    "push/push",
    "revert/revert-sync",
    WATCH,
    RUNBOOK,
)
TIMEOUT = 5.0  # seconds; a check that hangs helps nobody

Check = Callable[[Settings], Iterator[Message]]


class Checked(BaseModel):
    """One part of the installation, each problem found with how to fix it, and what else is worth knowing."""

    model_config = ConfigDict(frozen=True)

    subject: str
    well: bool
    problems: tuple[str, ...]
    facts: tuple[str, ...] = ()


def doctor(*, as_json: bool) -> NoReturn:
    """Check the key, the database, the Xero app, Prefect and the console; say how to fix each."""
    settings, found = Settings(), list[Checked]()
    with progress("Checking", of=len(CHECKS), silent=as_json) as bar:
        for subject, check in CHECKS.items():
            bar.show(f"Checking: {subject}")
            found.append(_checked(subject, check, settings))
            bar.advance()
    answer(found, _show, as_json=as_json)
    sys.exit(0 if all(one.well for one in found) else 1)


def _show(found: Sequence[Checked]) -> None:
    for one in found:
        for problem in one.problems:
            terminal().print(Text.assemble(("✗ ", "red"), f"{one.subject}: {problem}"), soft_wrap=True)
        if one.well:
            terminal().print(Text.assemble(("✓ ", "green"), _said_well(one)), soft_wrap=True)


def _said_well(one: Checked) -> str:
    return f"{one.subject}: {' '.join(one.facts)}" if one.facts else one.subject


def _checked(subject: str, check: Check, settings: Settings) -> Checked:
    """What a check found. An error that would stop another command is a problem here, after those before it."""
    problems, facts = list[str](), list[str]()
    try:
        for found in check(settings):
            (facts if found.status is ActivityStatus.SUCCESS else problems).append(found.text)
    except Exception as error:
        said = refusal(error)
        if said is None:
            raise
        problems.append(said)
    return Checked(subject=subject, well=not problems, problems=tuple(problems), facts=tuple(facts))


def _key(settings: Settings) -> Iterator[Message]:
    vault = Vault([key.get_secret_value() for key in settings.xpm_encryption_keys])
    with suppress(DatabaseUnavailable):  # the next check reports it
        yield from _sealed_secrets(settings, vault)


def _sealed_secrets(settings: Settings, vault: Vault) -> Iterator[Message]:
    with closing(Database(settings.xpm_database_url)) as database:
        if database.schema() is not Schema.CURRENT:
            return
        with database.read() as session:
            seals = sealed.survey(session, vault)
    if seals[Seal.OLDER]:
        yield message("operator.secrets_older", count=seals[Seal.OLDER])
    if seals[Seal.BROKEN]:
        yield message("operator.secrets_broken", count=seals[Seal.BROKEN])


def _database(settings: Settings) -> Iterator[Message]:
    with closing(Database(settings.xpm_database_url)) as database:
        if (schema := database.schema()) is not Schema.CURRENT:
            yield message("operator.not_migrated" if schema is Schema.OLDER else "operator.schema_newer")


def _xero_app(settings: Settings) -> Iterator[Message]:
    if not settings.xero_client_id:
        yield message("operator.no_app")
    if retired := re.search(r"/(3\.0|v3\.0)/?$", settings.xero_app().xpm_url):
        yield message("operator.xpm_retired", version=retired[1].removeprefix("v"))
    yield from _scopes(settings)
    jwks = settings.xero_app().jwks_url
    answer = _answer(jwks, settings)
    if answer is None or not answer.is_success:
        yield message("operator.xero_silent", address=jwks)
    elif minutes := _minutes_off(answer):
        yield message("operator.clock_off", minutes=minutes)


def _scopes(settings: Settings) -> Iterator[Message]:
    """Whether the Xero app asks for what the syncs and edits need, and for no more."""
    scopes, missing = settings.scopes, missing_scopes(settings.scopes)
    yield message("operator.sends_edits" if settings.xpm_push else "operator.reads_only")
    if missing & LASTING_LOGIN or not may_read_any(scopes):
        yield message("operator.scopes_missing", missing=", ".join(sorted(missing)))
    elif missing:
        yield message("operator.scopes_left_out", missing=", ".join(sorted(missing)))
    if settings.xpm_push and not may_write(scopes):
        yield message("operator.scopes_cannot_write", missing=", ".join(sorted(missing_to_write(scopes))))
    if not settings.xpm_push and (unneeded := allowing_changes(scopes)):
        yield message("operator.scopes_not_needed", scopes=", ".join(sorted(unneeded)))


def _minutes_off(answer: httpx.Response) -> int:
    """By how many minutes this machine's clock differs from the one that the answer tells; 0 if logins allow that."""
    return _minutes_between(server_time(answer) or utc_now())


def _minutes_between(other: datetime) -> int:
    """By how many minutes this machine's clock differs from another; 0 if by less than is tolerated."""
    off = abs(utc_now() - other)
    return round(off.total_seconds() / 60) if off > TOLERANCE else 0


def _clocks(settings: Settings) -> Iterator[Message]:
    """How far other clocks are ahead of this machine's. The check of the Xero app judges Xero's."""
    others: list[str] = []
    with open_client(trust_proxy=settings.xpm_trust_proxy) as http:
        if xeros := ask_time(http, settings.xero_app().jwks_url):
            others.append(message("operator.clock_xero", seconds=_ahead(xeros)).text)
    with suppress(DatabaseUnavailable), closing(Database(settings.xpm_database_url)) as database:
        if database.is_postgresql:
            with database.read() as session:
                theirs = postgresql.clock(session.connection())
            others.append(message("operator.clock_database", seconds=_ahead(theirs)).text)
            if minutes := _minutes_between(theirs):
                yield message("operator.clock_database_off", minutes=minutes)
    yield message(
        "operator.clocks",
        now=f"{utc_now():%Y-%m-%d %H:%M:%S} UTC",
        others=" ".join(others) or message("operator.no_clock").text,
    )


def _ahead(other: datetime) -> int:
    return round((other - utc_now()).total_seconds())


def _prefect(_: Settings) -> Iterator[Message]:
    if PREFECT_API_URL.value():
        yield from answered(PREFECT_API_URL.value())
    with prefect() as client:
        for name in DEPLOYMENTS:
            client.read_deployment_by_name(name)
        workers = client.read_workers_for_work_pool(POOL)
    if not any(worker.status == WorkerStatus.ONLINE for worker in workers):
        yield message("operator.no_worker", pool=POOL)


def _console(settings: Settings) -> Iterator[Message]:
    answer = _answer(f"{settings.xpm_console_url}/health", settings)
    if answer is None or not answer.is_success:
        yield message("operator.console_silent", address=settings.xpm_console_url)


def _answer(url: str, settings: Settings) -> httpx.Response | None:
    try:
        with open_client(trust_proxy=settings.xpm_trust_proxy) as http:
            return http.get(url, timeout=TIMEOUT)
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


def _news(settings: Settings) -> Iterator[Message]:
    """Whether people who are to be told of troubles by email can be."""
    with suppress(DatabaseUnavailable), closing(Database(settings.xpm_database_url)) as database:
        if database.schema() is not Schema.CURRENT or (settings.xpm_smtp_url and settings.xpm_mail_from):
            return
        with database.read() as session:
            if any(news.told(session, one.slug) for one in practices.all_of_them(session)):
                yield message("operator.no_mail_server")


CHECKS: Mapping[str, Check] = {
    "Encryption key": _key,
    "Database": _database,
    "Xero app": _xero_app,
    "Clocks": _clocks,
    "Prefect": _prefect,
    "Console": _console,
    "News": _news,
}
