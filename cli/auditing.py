"""`fyi-xpm audit`: reads, checks and exports the audit trail."""

import csv as spreadsheet
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from cli.answers import answer
from cli.installation import installation
from cli.progress import progress
from cli.terminal import say
from xpm.installation import Installation
from xpm.spreadsheet import harmless, open_for_owner
from xpm.store.audit import entries
from xpm.store.audit.verification import BreakKind, TrailState, has_line, verify
from xpm.store.tables import AuditEntry, SettingValue
from xpm.words import Message, message, stop


class TrailLine(BaseModel):
    """A line of the audit trail, as it is shown."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: int
    at: datetime
    actor_kind: str
    actor: str
    session: str | None
    address: str | None
    flow_run_id: str | None
    named: str | None
    action: str
    practice: str | None
    resource: str | None
    before: dict[str, SettingValue] | None
    after: dict[str, SettingValue] | None
    outcome: str
    detail: str | None


class FoundBreak(BaseModel):
    """A place where the trail is broken: the number of a line, or 0 for the head."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    line: int
    kind: BreakKind
    detail: str


class TrailChecked(BaseModel):
    """What a check of the trail found."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    whole: bool
    lines: int
    first_id: int
    last_id: int
    last_hash: str
    since: datetime | None
    unsigned: int
    breaks: tuple[FoundBreak, ...]
    message: Message


def list_audit(practice: str, since: datetime | None, limit: int, *, as_json: bool) -> None:
    """Show lines of the trail, newest first."""
    with installation() as opened:
        zone = ZoneInfo(opened.practice(practice).time_zone) if practice else UTC
        moment = since.replace(tzinfo=since.tzinfo or zone) if since else None
        with opened.database.read() as session:
            found = entries.recent(session, limit, practice=practice or None, since=moment)
    answer([TrailLine.model_validate(one) for one in found], _show, as_json=as_json)


def verify_audit(known: str | None, *, as_json: bool) -> NoReturn:
    """Check the whole trail. Exit with 1 if it is broken."""
    with installation() as opened:
        verified = _verified(opened, known)
    answer(verified, lambda found: say(found.message.text), as_json=as_json)
    sys.exit(0 if verified.whole else 1)


def export_audit(csv: Path) -> None:
    """Write every line to a file, a batch at a time.

    Raises:
        Stopped: the file cannot be written.
    """
    try:
        file = open_for_owner(csv)
    except OSError as error:
        raise stop("operator.audit_unwritable", file=csv, reason=error.strerror) from error
    with file, installation() as opened, opened.database.read() as session, progress("Writing the audit trail"):
        writer = spreadsheet.writer(file, quoting=spreadsheet.QUOTE_ALL)
        writer.writerow(AuditEntry.model_fields)
        count = 0
        for entry in entries.in_order(session):
            writer.writerow([harmless(_cell(getattr(entry, name))) for name in AuditEntry.model_fields])
            count += 1
    say(message("operator.audit_exported", count=count, file=csv).text)


def _verified(installation: Installation, known: str | None) -> TrailChecked:
    number, _, digits = (known or "").partition(":")
    with installation.database.read() as session, progress("Checking the audit trail"):
        state = verify(session, installation.vault)
        breaks = [FoundBreak.model_validate(one) for one in state.breaks]
        if known and not has_line(session, int(number), digits):
            breaks.append(FoundBreak(line=int(number), kind=BreakKind.ROLLED_BACK, detail=""))
    said = _broken(breaks) if breaks else _whole(state)
    return TrailChecked(**asdict(state) | {"whole": not breaks, "breaks": tuple(breaks), "message": said})


def _whole(state: TrailState) -> Message:
    if state.since is None:
        return message("operator.audit_empty")
    since = f"{state.since:%d %B %Y %H:%M} UTC"
    return message("operator.audit_whole", count=state.lines, since=since, last=f"{state.last_id}:{state.last_hash}")


def _broken(breaks: Sequence[FoundBreak]) -> Message:
    first = breaks[0]
    where = f"line {first.line}" if first.line else "the head"
    kind = f"{first.kind} ({first.detail})" if first.detail else str(first.kind)
    return message("operator.audit_broken", where=where, kind=kind, more=len(breaks) - 1)


def _show(found: Sequence[TrailLine]) -> None:
    """Print each line of the trail on one line, however long, so that it can be searched."""
    if not found:
        say(message("operator.audit_empty").text)
    for line in found:
        practice = f"{line.practice}: " if line.practice else ""
        did = " ".join(part for part in (line.action.replace("_", " "), line.resource, _settings(line)) if part)
        ending = f"{line.outcome} ({line.detail})" if line.detail else line.outcome
        say(f"{line.id}  {line.at:%d %b %Y %H:%M:%S} UTC  {_who(line)}  {practice}{did}  {ending}")


def _who(line: TrailLine) -> str:
    where = (f"from {line.address}" if line.address else "", f"run {line.flow_run_id}" if line.flow_run_id else "")
    named = f"naming {line.named}" if line.named else ""
    return " ".join(part for part in (line.actor_kind, line.actor, *where, named) if part)


def _settings(line: TrailLine) -> str:
    before, after = line.before or {}, line.after or {}
    changes = ((name, _cell(before.get(name)) or "nothing", _cell(one) or "nothing") for name, one in after.items())
    return ", ".join(f"{name}: {former} → {new}" for name, former, new in changes if former != new)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
