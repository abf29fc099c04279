"""Lists edits as people read them, with what they can do about each, and the log of what was sent.

Pages, commands and FYI's programs show the same list.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from xpm.entities.names import Noun
from xpm.installation import Installation
from xpm.push.naming import Names, RecordName
from xpm.push.placing import noun_of
from xpm.push.sending import endpoint_of
from xpm.store.consent import connections
from xpm.store.push import calls, edits, lists
from xpm.store.push.lists import EditStep
from xpm.store.records.rows import Scope
from xpm.store.tables import PendingEdit
from xpm.store.vocabulary import CLOSED, CallOutcome, EditState
from xpm.words import Message, message, stop

OPEN = frozenset(EditState) - CLOSED
"""The states of edits that XPM does not have yet."""

BATCH = 1_000  # entries of the log that are read at once


@dataclass(frozen=True)
class ListedEdit:
    """An edit: what XPM had (`base`), what FYI has (`ours`), and what XPM was seen to have at `theirs_at` (`theirs`).

    Values are as people read them, and None where the field is empty. Without `theirs_at`, XPM still has the base, as
    far as FYI knows. `reason` says why the edit is in its state, `xpms_words` what XPM itself said.
    """

    number: int
    noun: Noun
    record: str
    name: str | None
    field: str
    base: str | None
    ours: str | None
    theirs: str | None
    theirs_at: datetime | None
    made_by: str
    made_at: datetime
    state: EditState
    reason: Message | None
    xpms_words: str | None
    origin: str


@dataclass(frozen=True)
class SentCall:
    """A call that wrote to XPM, or tried to. `outcome` is None while nobody knows whether it was made."""

    endpoint: str
    intended_at: datetime
    answered_at: datetime | None
    outcome: CallOutcome | None
    status: int | None
    correlation_id: str | None


@dataclass(frozen=True)
class LoggedStep:
    """One step in an edit's life. `person` is None if a run took it; `theirs` is None if XPM was not seen to differ."""

    id: int
    edit: int
    noun: Noun
    record: str
    field: str
    at: datetime
    state: EditState
    ours: str | None
    theirs: str | None
    person: str | None
    reason: Message | None
    xpms_words: str | None
    call: SentCall | None


@dataclass(frozen=True)
class EditLife:
    """An edit with every step of its life, oldest first."""

    edit: ListedEdit
    steps: Sequence[LoggedStep]


def list_edits(
    installation: Installation,
    slug: str,
    states: Collection[EditState] = OPEN,
    *,
    field: str | None = None,
    origin: str | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[ListedEdit]:
    """List a practice's edits in these states with numbers above `after`, oldest first.

    `field`: only of fields with this name or label; `origin`: only of one act.
    Raises Stopped: unknown practice, or no such field.
    """
    practice = installation.practice(slug)
    with installation.database.read() as session:
        account = Names(session, Scope(slug, connections.get(session, slug).tenant_id or ""))
        fields = None if field is None else account.fields_called(field)
        found = lists.page(session, practice.slug, states, fields=fields, origin=origin, after=after, limit=limit)
        return described(session, found)


def show_edit(installation: Installation, slug: str, number: int) -> EditLife:
    """Show one edit with its log. Raises Stopped: there is no such edit."""
    practice = installation.practice(slug)
    with installation.database.read() as session:
        found = lists.page(session, practice.slug, tuple(EditState), after=number - 1, limit=1)
        if not found or edits.number_of(found[0]) != number:
            raise stop("push.no_such_edit", edit=number)
        (edit,) = described(session, found)
        return EditLife(edit, _logged(session, lists.steps(session, practice.slug, edit=number)))


def log(
    installation: Installation, slug: str, since: datetime | None = None, *, after: int = 0
) -> Iterator[LoggedStep]:
    """Every step of every edit with a number above `after`, oldest first.

    Raises Stopped: unknown practice.
    """
    practice, last = installation.practice(slug), after
    while True:
        with installation.database.read() as session:
            found = lists.steps(session, practice.slug, since=since, after=last, limit=BATCH)
            logged = _logged(session, found)
        if not logged:
            return
        yield from logged
        last = logged[-1].id


def described(session: Session, found: Sequence[PendingEdit]) -> list[ListedEdit]:
    """These edits as people read them."""
    accounts = _accounts(session, found)
    return [_edit(accounts[edit.tenant_id], edit) for edit in found]


def why(key: str | None) -> Message | None:
    """The sentence that says why an edit is in its state."""
    return message(key) if key else None


@dataclass(frozen=True)
class _Account:
    """What an account's edits are about, and which endpoints are paused."""

    names: Names
    records: Mapping[tuple[Noun, str], RecordName]
    paused: frozenset[str]

    def record(self, edit: PendingEdit) -> RecordName:
        return self.records[noun_of(edit.record_table), edit.record_key]

    def value(self, edit: PendingEdit, text: str | None) -> str | None:
        return self.names.value(edit.record_table, edit.field, text)


def _accounts(session: Session, found: Sequence[PendingEdit]) -> Mapping[str, _Account]:
    """The accounts of these edits, by tenant."""
    by_tenant: dict[str, list[PendingEdit]] = {}
    for edit in found:
        by_tenant.setdefault(edit.tenant_id, []).append(edit)
    return {tenant_id: _account(session, of) for tenant_id, of in by_tenant.items()}


def _account(session: Session, of: Sequence[PendingEdit]) -> _Account:
    names = Names(session, Scope(of[0].practice, of[0].tenant_id))
    paused = frozenset(one.endpoint for one in calls.pauses(session, names.scope))
    return _Account(names, names.records(of), paused)


def _edit(account: _Account, edit: PendingEdit) -> ListedEdit:
    is_held, record = edit.state is EditState.QUEUED and endpoint_of(edit) in account.paused, account.record(edit)
    return ListedEdit(
        number=edits.number_of(edit),
        noun=record.noun,
        record=record.number,
        name=record.name,
        field=account.names.field(edit.record_table, edit.field),
        base=account.value(edit, edit.base),
        ours=account.value(edit, edit.ours),
        theirs=account.value(edit, edit.theirs),
        theirs_at=edit.theirs_at,
        made_by=edit.made_by,
        made_at=edit.made_at,
        state=edit.state,
        reason=message("push.held") if is_held else why(edit.reason_key),
        xpms_words=edit.reason_text,
        origin=edit.origin,
    )


def _logged(session: Session, steps: Sequence[EditStep]) -> list[LoggedStep]:
    accounts = _accounts(session, [step.edit for step in steps])
    return [_step(accounts[step.edit.tenant_id], step) for step in steps]


def _step(account: _Account, step: EditStep) -> LoggedStep:
    it, edit, call, record = step.transition, step.edit, step.call, account.record(step.edit)
    return LoggedStep(
        id=it.id or 0,
        edit=edits.number_of(edit),
        noun=record.noun,
        record=record.number,
        field=account.names.field(edit.record_table, edit.field),
        at=it.at,
        state=it.state,
        ours=account.value(edit, it.value),
        theirs=account.value(edit, it.theirs),
        person=it.person,
        reason=why(it.reason_key),
        xpms_words=it.reason_text,
        call=SentCall(*(getattr(call, name) for name in SentCall.__dataclass_fields__)) if call else None,
    )
