"""Records what a command does in the audit trail: by which account of the operating system, and how it ended."""

import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import typer

from xpm.access import audit
from xpm.access.actor import Actor, ActorKind
from xpm.access.audit import Action, AuditOutcome
from xpm.installation import Installation
from xpm.store.tables import SettingValue
from xpm.words import Stopped

INTERRUPTED = "interrupted"
WRONG_INPUT = "wrong_input"
Settings = Mapping[str, SettingValue]


@dataclass(slots=True)
class Act:
    """What a command does, as far as the audit trail is told."""

    action: Action
    practice: str | None
    resource: str | None
    actor: Actor
    cancelled: str | None = None
    before: Settings | None = None
    after: Settings | None = None


_present: ContextVar[Act | None] = ContextVar("the act of this command", default=None)


@contextmanager
def recording(action: Action, practice: str | None, resource: str | None, named: str | None) -> Iterator[None]:
    """Add a line before the block does anything, and one that says how it ended.

    Raises:
        Stopped: the database was not migrated. Only `migrate` may go on then, and has one line, at its end.
        StoreError: there is no key, or no database.
    """
    act = Act(action, practice, resource, account(named))
    _begin(act)
    token = _present.set(act)
    try:
        yield
    except BaseException as error:
        _end(act, *_how(error))
        raise
    finally:
        _present.reset(token)
    _end(act, AuditOutcome.CANCELLED if act.cancelled else AuditOutcome.DONE, act.cancelled)


def cancelled(key: str) -> None:
    """Say that the person changed their mind, and nothing was done. `key` is that of the sentence they were told."""
    if act := _present.get():
        act.cancelled = key


def concerns(practice: str) -> None:
    """Say which practice the act is about, if the person did not name one."""
    if act := _present.get():
        act.practice = practice


def changed(before: Settings | None, after: Settings) -> None:
    """Say which settings the act changes."""
    if act := _present.get():
        act.before, act.after = before, after


def account(named: str | None = None) -> Actor:
    """Who types: the account that this process runs under, which no variable can change, and where they come from.

    `named` is the person whom an option names. The address is the one that SSH says. With `sudo`, the account that
    asked for it is added; only root can set that.
    """
    connection = os.environ.get("SSH_CONNECTION", "").split()
    address = connection[0] if connection else None
    return Actor(ActorKind.COMMAND, _login_name(), address=address, named=named)


def _login_name() -> str:
    user = os.getuid()
    try:
        name = pwd.getpwuid(user).pw_name
    except KeyError:  # in a container, a user may have no name
        name = f"user {user}"
    asked = os.environ.get("SUDO_USER") if user == 0 else None
    return f"{name} (sudo by {asked})" if asked else name


def _begin(act: Act) -> None:
    with Installation.opened_to_migrate() as opened:
        if act.action is not Action.MIGRATE or opened.database.schema_is_current():
            opened.require_schema()
            _write(opened, act, AuditOutcome.BEGUN)


def _end(act: Act, outcome: AuditOutcome, detail: str | None) -> None:
    with Installation.opened_to_migrate() as opened:
        if opened.database.schema_is_current():  # not after a migration that failed
            _write(opened, act, outcome, detail)


def _write(installation: Installation, act: Act, outcome: AuditOutcome, detail: str | None = None) -> None:
    is_done = outcome is AuditOutcome.DONE
    with installation.database.write() as session:
        audit.record(
            session,
            installation,
            act.actor,
            act.action,
            now=installation.clock(),
            practice=act.practice,
            resource=act.resource,
            outcome=outcome,
            before=act.before if is_done else None,
            after=act.after if is_done else None,
            detail=detail,
        )


def _how(error: BaseException) -> tuple[AuditOutcome, str | None]:
    """The outcome of a command that ended with this, and the reason."""
    match error:
        case SystemExit(code=0 | None):
            return AuditOutcome.DONE, None
        case SystemExit(code=code):
            return AuditOutcome.FAILED, f"exit code {code}"
        case Stopped():
            return AuditOutcome.REFUSED, error.message.key
        case typer.TyperException():
            return AuditOutcome.REFUSED, WRONG_INPUT
        case KeyboardInterrupt() | typer.Abort():
            return AuditOutcome.CANCELLED, INTERRUPTED
        case _:
            return AuditOutcome.FAILED, type(error).__name__
