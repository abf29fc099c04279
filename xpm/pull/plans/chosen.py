"""Pulls single records that a person chose: one call for each, besides the one for its values.

A client is chosen by its UUID, a job by its number or its UUID. What FYI does not have yet is asked for all the same. A
record that XPM does not have stays as it is, and is named.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any
from uuid import UUID

from xpm.entities.custom_fields import VALUES
from xpm.entities.names import Entity
from xpm.installation import Installation
from xpm.pull.findings import Chosen
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
        keys = {one: clients[one.casefold()].key if one.casefold() in clients else one.lower() for one in mine}
        found = _take_each(intake, {one: (key, work.access.api.client(key)) for one, key in keys.items()})
    else:
        known = {one: jobs[one.casefold()].key for one in mine if one.casefold() in jobs}
        gone = ask_for_jobs(work, intake, known.values())
        new = [one for one in mine if one not in known]
        found = {one: {key} for one, key in known.items() if key not in gone}
        found |= _take_each(intake, {number: (number, work.access.api.job(number)) for number in new})
    read_well = intake.seen - intake.keys_unread()
    done = [one for one, keys in found.items() if keys and keys <= read_well]
    intake.chosen = Chosen(len(mine), len(done), tuple(one for one in mine if one not in found))
    return intake


def _take_each(intake: Intake[Any], asked: Mapping[str, tuple[str, Records[Any]]]) -> dict[str, Set[str]]:
    """Store what XPM answers to each key. Returns the keys that came, by what a person wrote.

    What XPM does not have is left out.
    """
    found: dict[str, Set[str]] = {}
    failed: dict[str, Unreadable] = {}
    for one, (key, records) in asked.items():
        try:
            found[one] = intake.take(records)
        except RecordGone:
            continue
        except XeroError as error:
            found[one] = frozenset()
            failed[key] = set_apart(key, error)
    intake.set_aside(failed)
    return found


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
