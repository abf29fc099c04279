"""Turns XPM's records into the store's rows, each with a hash by which an unchanged record is recognised.

`sent_digest` is that of the record as it was sent, where it is known.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from pydantic_core import to_json

from xpm.entities.flatten import columns_of
from xpm.store.records.rows import RecordRow
from xpm.store.vocabulary import ArchiveReason
from xpm.xero.models import (
    Category,
    Client,
    ClientGroup,
    CustomFieldDefinition,
    CustomFieldValue,
    Job,
    Staff,
    TaxReturn,
)

_HASH_BYTES = 16  # 2^64 records before two are likely to share a hash

_APART = frozenset({"contacts", "groups", "relationships"})  # tables of their own
_AT_THE_CLIENT = frozenset({"is_primary", "position"})  # of the contact at one client, not of the contact
_UUID = frozenset({"uuid"})
_NUMBER = frozenset({"number"})
_RETURN_ID = frozenset({"return_id"})


def client_row(client: Client, sent_digest: bytes | None = None) -> RecordRow:
    """A client with its contacts, group memberships and relationships."""
    contacts = {contact.uuid: contact for contact in client.contacts}.values()
    groups = {group.uuid: group for group in client.groups}.values()
    relationships = {relationship.uuid: relationship for relationship in client.relationships}.values()
    return RecordRow(
        key=client.uuid,
        content_hash=_digest(client.model_dump_json().encode()),
        columns=columns_of(client, without=_APART | _UUID),
        owned={
            "client_contact": [
                {"contact_uuid": one.uuid, "is_primary": one.is_primary, "position": one.position} for one in contacts
            ],
            "client_group_member": [{"group_uuid": group.uuid, "group_name": group.name} for group in groups],
            "client_relationship": [columns_of(relationship) for relationship in relationships],
        },
        shared={"contact": [columns_of(contact, without=_AT_THE_CLIENT) for contact in contacts]},
        archived=_archived(client),
        sent_digest=sent_digest,
    )


def job_row(job: Job, sent_digest: bytes | None = None) -> RecordRow:
    """A job, keyed by its number as XPM's own addresses are."""
    return _flat_row(job.number, columns_of(job, without=_NUMBER), sent_digest)


def tax_return_row(tax_return: TaxReturn, sent_digest: bytes | None = None) -> RecordRow:
    """A tax return, keyed by the feed's own id."""
    return _flat_row(tax_return.return_id, columns_of(tax_return, without=_RETURN_ID), sent_digest)


def uuid_row(
    record: Category | ClientGroup | CustomFieldDefinition | Staff, sent_digest: bytes | None = None
) -> RecordRow:
    """Any record that is a list of plain fields under a UUID."""
    return _flat_row(record.uuid, columns_of(record, without=_UUID), sent_digest)


def field_values_row(owner_key: str, values: Sequence[CustomFieldValue]) -> RecordRow:
    """All custom-field values of one client (by UUID) or job (by number)."""
    by_definition = {value.uuid: value for value in values}
    rows = [
        {"definition_uuid": uuid, **columns_of(value, without=_UUID)} for uuid, value in sorted(by_definition.items())
    ]
    digest = _digest(*(value.model_dump_json().encode() for _, value in sorted(by_definition.items())))
    return RecordRow(owner_key, digest, columns={}, owned={"custom_field_value": rows})


def _archived(client: Client) -> ArchiveReason | None:
    """FYI shows both as archived (FYI: "Why is there an active and an archived client …")."""
    if client.is_deleted:
        return ArchiveReason.DELETED
    return ArchiveReason.ARCHIVED if client.is_archived else None


def _flat_row(key: str, columns: Mapping[str, object], sent_digest: bytes | None) -> RecordRow:
    """A record that is all in its columns."""
    return RecordRow(key, _digest(to_json([key, *columns.values()])), columns, sent_digest=sent_digest)


def _digest(*texts: bytes) -> bytes:
    digest = blake2b(digest_size=_HASH_BYTES)
    for text in texts:
        digest.update(text)
    return digest.digest()
