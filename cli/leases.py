"""`fyi-xpm lease`: who holds what no two programs may do at once, and how to take it from them."""

from collections.abc import Sequence
from datetime import datetime

import typer
from pydantic import BaseModel, ConfigDict
from rich.text import Text

from cli.answers import answer
from cli.installation import installation
from cli.recording import cancelled
from cli.terminal import WholeTable, say, terminal
from xpm.store import leases
from xpm.words import message, stop
from xpm.xero.printable import printable


class LeaseShown(BaseModel):
    """A lease that somebody holds. `holder` is a flow run, or a program that no flow started."""

    model_config = ConfigDict(frozen=True)

    name: str
    holder: str
    last_sign_at: datetime
    alive: bool


def list_leases(*, as_json: bool) -> None:
    """List the leases that somebody holds."""
    with installation() as opened, opened.database.read() as session:
        now = opened.shared_time(session)
        held = [
            LeaseShown(name=one.name, holder=one.holder, last_sign_at=one.last_sign_at, alive=one.is_alive(now))
            for one in leases.every(session)
        ]
    answer(held, _show, as_json=as_json)


def break_lease(name: str, *, yes: bool) -> None:
    """Free a lease, after asking unless `yes`. Its holder can write nothing more."""
    with installation() as opened:
        with opened.database.read() as session:
            held = leases.find(session, name)
        if held is None:
            raise stop("operator.lease_unknown", name=name)
        if not yes and not _confirmed(name, held.holder):
            kept = message("operator.lease_kept", name=name)
            cancelled(kept.key)
            say(kept.text)
            return
        with opened.database.write() as session:
            is_broken = leases.break_(session, held)
    if not is_broken:
        raise stop("operator.lease_unknown", name=name)
    say(message("operator.lease_broken", name=name).text)


def _confirmed(name: str, holder: str) -> bool:
    """Ask for confirmation. Raises Stopped if nobody is there to answer."""
    asked = message("operator.lease_asked", name=name, holder=holder)
    try:
        return typer.confirm(printable(f"{asked.cause} {asked.title}"))
    except typer.Abort:
        raise stop("operator.lease_unanswered", name=name) from None


def _show(held: Sequence[LeaseShown]) -> None:
    if not held:
        say(message("operator.no_leases").text)
        return
    table = WholeTable("Lease", "Held by", "Last sign of life (UTC)", "")
    for one in held:
        table.add_row(
            Text(one.name), Text(one.holder), f"{one.last_sign_at:%d %b %H:%M:%S}", "alive" if one.alive else "silent"
        )
    terminal().print(table)
