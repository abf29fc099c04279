"""Bringing every stored secret under the newest encryption key, while the other programs work on."""

from collections import Counter

from xpm.installation import Installation
from xpm.store.consent import sealed
from xpm.store.consent.sealed import Seal


def rotate(installation: Installation) -> tuple[int, Counter[Seal]]:
    """Seal with the newest key whatever an older one sealed: how many that were, and how all secrets stand after it.

    Older secrets that are left come from another program, which still seals with an older key.
    """
    resealed = 0
    with installation.database.read() as session:
        holders = sealed.rows(session)
    for table, row_id in holders:
        with installation.database.write() as session:
            resealed += sealed.reseal(session, installation.vault, table, row_id)
    with installation.database.read() as session:
        return resealed, sealed.survey(session, installation.vault)
