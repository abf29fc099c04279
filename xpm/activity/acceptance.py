"""Accepts staff from XPM as active in FYI; they arrive inactive (FYI: "Practice Settings", New Users)."""

from xpm.installation import Installation
from xpm.store import people
from xpm.store.records import edits
from xpm.store.records.kinds import STAFF
from xpm.store.records.rows import Scope
from xpm.store.tables import Staff
from xpm.store.vocabulary import FyiStatus
from xpm.words import Message, message, stop


def staff_of(installation: Installation, slug: str) -> list[Staff]:
    """List the practice's staff who are still in XPM. Raises Stopped if there is no such practice."""
    practice = installation.practice(slug)
    with installation.database.read() as session:
        return people.staff_of(session, practice.slug)


def accept(installation: Installation, slug: str, wanted: str, person: str | None = None) -> Message:
    """Make a staff member active in FYI; the history names `person` as the author.

    Args:
        installation: The installation.
        slug: The practice.
        wanted: The staff member's email address, in any letter case, or UUID.
        person: FYI email address of the person who asked.

    Raises:
        Stopped: there is no such practice, person or staff member, or several staff members have this address.
    """
    practice = installation.practice(slug)
    if person is not None:
        installation.require_known(practice, person)
    found = [one for one in staff_of(installation, slug) if wanted.strip().lower() in _known_by(one)]
    if not found:
        raise stop("staff.unknown", named=wanted, practice=practice.name, slug=slug)
    if len(found) > 1:
        raise stop("staff.several", named=wanted, count=len(found), slug=slug)
    (one,) = found
    facts = {"name": one.name or wanted, "practice": practice.name}
    if one.fyi_status is FyiStatus.ACTIVE:
        return message("staff.active_already", **facts)
    scope, change = Scope(one.practice, one.tenant_id), {"fyi_status": FyiStatus.ACTIVE}
    with installation.database.write() as session:
        edits.edit(session, STAFF, scope, one.uuid, change, person=person, now=installation.clock())
    return message("staff.accepted", **facts)


def _known_by(staff: Staff) -> set[str]:
    return {name.strip().lower() for name in (staff.uuid, staff.email) if name}
