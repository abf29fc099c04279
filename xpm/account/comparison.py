"""Compares FYI's records of a practice with those of the chosen account, before any of the account's are written.

Reads at most three lists, those that the scopes cover, without details, since Xero charges for egress. They are
compared with everything FYI has of the practice, whichever account it came from.
"""

from collections.abc import Collection, Sequence
from datetime import date

from pydantic import BaseModel, ConfigDict

from xpm.account.choice import Offer, account_of, chosen
from xpm.consent.invitation import Invitation, require_granted
from xpm.consent.keeper import ConsentKeeper
from xpm.entities.entity import Outlined
from xpm.entities.registry import DEFINITIONS
from xpm.integration import Integration
from xpm.quota.budget import xpm_api
from xpm.store.consent import connections, consents
from xpm.store.records.outlines import Outline
from xpm.words import Message, message
from xpm.xero.scopes import Coverage, covers


def _outlined(granted: Collection[str]) -> list[Outlined]:
    """What is compared: what these scopes cover. Clients come first: administrators recognise an account by them."""
    covered = (one for one in DEFINITIONS.values() if covers(granted, one.scope) is Coverage.YES)
    return sorted((one.outlined for one in covered if one.outlined), key=lambda one: one.label)


class KindCompared(BaseModel):
    """The counts of one kind of current record on both sides; `newest_…` is the newest start date, for jobs only.

    `same` counts the UUIDs on both sides; `same_name` counts FYI's records whose name XPM also has, in any letter case.
    """

    model_config = ConfigDict(frozen=True)

    label: str
    stored: int
    in_xpm: int
    same: int
    same_name: int
    newest_stored: date | None = None
    newest_in_xpm: date | None = None

    @property
    def would_be_archived(self) -> int:
        """Count FYI's records that XPM does not have."""
        return self.stored - self.same

    @property
    def would_be_added(self) -> int:
        """Count XPM's records that FYI does not have."""
        return self.in_xpm - self.same


class AccountComparison(BaseModel):
    """A practice and the account chosen for it.

    `until_now` names the account it had before, `others` the other accounts that could have been chosen.
    """

    model_config = ConfigDict(frozen=True)

    practice_name: str
    tenant_name: str
    until_now: str
    kinds: tuple[KindCompared, ...]
    others: tuple[str, ...] = ()

    @property
    def sentences(self) -> str:
        """Say the numbers, one sentence per kind."""
        return " ".join(_said(kind, self.tenant_name).text for kind in self.kinds)


def compare(integration: Integration, invitation: Invitation, offered: Sequence[Offer] = ()) -> AccountComparison:
    """Compare both sides; nothing is written. `offered`: what could be chosen.

    Raises:
        Stopped: access was not allowed, or no account was chosen.
        XeroError: Xero did not answer as it should.
    """
    consent_id = require_granted(integration, invitation)
    offer = chosen(integration, invitation)
    with integration.database.read() as session:
        outlined = _outlined(consents.get(session, consent_id).scopes)
    with integration.signed_http(ConsentKeeper(integration, consent_id)) as http:
        api = xpm_api(integration, http, offer.tenant_id)
        in_xpm = [one.in_xpm(api) for one in outlined]
    with integration.database.read() as session:
        stored = [one.stored(session, invitation.practice) for one in outlined]
        until_now = account_of(connections.get(session, invitation.practice))
    return AccountComparison(
        practice_name=invitation.practice_name,
        tenant_name=offer.tenant_name,
        until_now=until_now,
        others=tuple(one.tenant_name for one in offered if one.tenant_id != offer.tenant_id),
        kinds=tuple(_compared(one.label, *sides) for one, *sides in zip(outlined, stored, in_xpm, strict=True)),
    )


def _compared(label: str, stored: Sequence[Outline], in_xpm: Sequence[Outline]) -> KindCompared:
    names = {_plain(one.name) for one in in_xpm if one.name}
    return KindCompared(
        label=label,
        stored=len(stored),
        in_xpm=len(in_xpm),
        same=len(_uuids(stored) & _uuids(in_xpm)),
        same_name=sum(_plain(one.name) in names for one in stored if one.name),
        newest_stored=_newest(stored),
        newest_in_xpm=_newest(in_xpm),
    )


def _uuids(records: Sequence[Outline]) -> set[str]:
    return {record.uuid for record in records if record.uuid}


def _plain(name: str) -> str:
    return name.strip().casefold()


def _newest(records: Sequence[Outline]) -> date | None:
    return max((record.started for record in records if record.started), default=None)


def _said(kind: KindCompared, tenant: str) -> Message:
    facts = {"kind": kind.label.lower(), "tenant": tenant, "added": kind.would_be_added}
    if not kind.stored:
        return message("choice.none_stored", **facts)
    return message("choice.compared", stored=kind.stored, same=kind.same, archived=kind.would_be_archived, **facts)
