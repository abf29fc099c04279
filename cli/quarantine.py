"""`fyi-xpm quarantine`: records and parts of records that could not be read, and reading them again after a fix."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from rich.text import Text
from sqlmodel import Session

from cli.answers import answer
from cli.installation import installation
from cli.integration import integration
from cli.terminal import WholeTable, say, terminal
from xpm.pull.replay import replay
from xpm.store.consent import connections
from xpm.store.pull import quarantine
from xpm.store.records import kinds
from xpm.store.records.identity import numbers_of
from xpm.store.records.rows import Scope
from xpm.store.tables import Quarantine
from xpm.words import Message, message


class SetAside(BaseModel):
    """A record, or `parts` of one, that could not be read. What XPM sent is not shown: it holds people's data."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    at: datetime
    entity: str
    record_key: str | None
    parts: str | None
    reason: str


def list_quarantine(practice: str, *, as_json: bool) -> None:
    """List the records and parts of records that could not be read, each with its reason."""
    with installation() as opened:
        opened.practice(practice)
        with opened.database.read() as session:
            tenant_id = connections.get(session, practice).tenant_id or ""
            entries = quarantine.unresolved(session, Scope(practice, tenant_id))
            found = [_named(session, entry) for entry in entries]
    answer(found, _show, as_json=as_json)


def _named(session: Session, entry: Quarantine) -> SetAside:
    """The entry with the number that people know, where that is not the key."""
    found = SetAside.model_validate(entry)
    if entry.record_key is None:
        return found
    scope = Scope(entry.practice, entry.tenant_id)
    numbers = numbers_of(session, kinds.ALL[entry.entity], scope, [entry.record_key])
    return found.model_copy(update={"record_key": numbers[entry.record_key]})


def replay_quarantine(practice: str, person: str | None, *, as_json: bool) -> None:
    """Read these records again from what XPM sent."""
    with integration() as opened:
        said = replay(opened, practice, person)
    answer(said, _say_all, as_json=as_json)


def _show(entries: Sequence[SetAside]) -> None:
    if not entries:
        say(message("quarantine.empty").text)
        return
    table = WholeTable("Since (UTC)", "Kind", "Key in XPM", "What", "Why it could not be read")
    for entry in entries:
        kind = entry.entity.replace("_", " ")
        what = Text(entry.parts or "the record")
        table.add_row(f"{entry.at:%d %b %H:%M}", kind, Text(entry.record_key or "none"), what, Text(entry.reason))
    terminal().print(table)


def _say_all(said: Sequence[Message]) -> None:
    for one in said or [message("quarantine.nothing_kept")]:
        say(one.text)
