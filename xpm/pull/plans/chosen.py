"""Pulls single records that a person chose: one call for each, besides the one for its values.

A client is chosen by its UUID, a job by its number or its UUID. What FYI does not have yet is asked for all the same. A
record that XPM does not have stays as it is; the pull of its values, which follows, names it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from xpm.entities.custom_fields import VALUES
from xpm.entities.names import Entity
from xpm.installation import Installation
from xpm.pull.intake import Intake
from xpm.pull.plans.jobs import ask_for_jobs
from xpm.pull.plans.single_records import set_apart
from xpm.pull.work import Work
from xpm.store.consent import connections
from xpm.store.pull import comparisons
from xpm.store.pull.comparisons import Due
from xpm.store.records.rows import Scope
from xpm.store.vocabulary import OwnerKind
from xpm.xero.errors import RecordGone, XeroError
from xpm.xero.records import Records, Unreadable

OWNERS = {Entity.JOBS: OwnerKind.JOB, Entity.CLIENTS: OwnerKind.CLIENT}
"""The entities that have single records to choose."""


def entities_of(installation: Installation, slug: str, records: Sequence[str]) -> list[Entity]:
    """What to sync for these records: the entities that they belong to, and custom fields for their values.

    Raises:
        Stopped: there is no such practice.
    """
    installation.practice(slug)
    with installation.database.read() as session:
        scope = Scope(slug, connections.get(session, slug).tenant_id or "")
        table = VALUES[OwnerKind.JOB].owners
        jobs = _by_name(comparisons.due(session, table, scope, OwnerKind.JOB, changes_only=False))
    theirs = {_entity_of(record, jobs) for record in records}
    return [*(entity for entity in OWNERS if entity in theirs), Entity.CUSTOM_FIELDS]


def pull_chosen(work: Work, intake: Intake[Any]) -> Intake[Any]:
    """Pull the chosen records of this entity.

    Raises:
        XeroError: Xero stopped answering; the error cannot be about a single record.
    """
    jobs, entity = _stored(work, OwnerKind.JOB), work.request.entity
    mine = [one for one in dict.fromkeys(work.request.records) if _entity_of(one, jobs) is entity]
    if entity is Entity.CLIENTS:
        clients = _stored(work, OwnerKind.CLIENT)
        keys = [clients[one.casefold()].key if one.casefold() in clients else one.lower() for one in mine]
        _take_each(intake, {key: work.access.api.client(key) for key in keys}, by_key=True)
    else:
        ask_for_jobs(work, intake, [jobs[one.casefold()].key for one in mine if one.casefold() in jobs])
        new = [one for one in mine if one.casefold() not in jobs]
        _take_each(intake, {number: work.access.api.job(number) for number in new}, by_key=False)
    intake.chosen = len(mine)
    return intake


def _take_each(intake: Intake[Any], asked: Mapping[str, Records[Any]], *, by_key: bool) -> None:
    """Take each record that was asked for by its key, or by its number. Another one than asked for is no answer."""
    failed: dict[str, Unreadable] = {}
    for key, records in asked.items():
        try:
            taken = intake.take(records)
            if by_key and taken and key not in taken:
                failed[key] = Unreadable(key, "was asked for, and Xero answered with another", "")
        except RecordGone:
            continue
        except XeroError as error:
            failed[key] = set_apart(key, error)
    intake.set_aside(failed)


def _stored(work: Work, kind: OwnerKind) -> Mapping[str, Due]:
    return _by_name(work.due(kind, VALUES[kind].owners, changes_only=False))


def _by_name(owners: Iterable[Due]) -> Mapping[str, Due]:
    """The owners by what a person may type for them, in any letter case; a number before a key."""
    by_key = {owner.key.casefold(): owner for owner in owners}
    return by_key | {owner.number.casefold(): owner for owner in by_key.values()}


def _entity_of(record: str, jobs: Mapping[str, Due]) -> Entity:
    """Jobs have numbers. A UUID is a client's unless FYI knows the job."""
    return Entity.JOBS if record.casefold() in jobs or not _is_uuid(record) else Entity.CLIENTS


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
