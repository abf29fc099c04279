"""Re-encrypts every stored secret with the newest key while the other programs keep running."""

from collections import Counter

from xpm.installation import Installation
from xpm.store.audit import entries
from xpm.store.consent import sealed
from xpm.store.consent.sealed import Seal


def rotate(installation: Installation) -> tuple[int, Counter[Seal]]:
    """Seal with the newest key every secret that an older key sealed; return how many, and a survey of all secrets.

    Any secret that is still under an older key was sealed meanwhile by a program that does not have the newest key yet.
    The audit trail's head is signed again as well.
    """
    resealed = 0
    with installation.database.read() as session:
        holders = sealed.rows(session)
    for table, row_id in holders:
        with installation.database.write() as session:
            resealed += sealed.reseal(session, installation.vault, table, row_id)
    with installation.database.write() as session:
        entries.sign_again(session, installation.vault)
    with installation.database.read() as session:
        return resealed, sealed.survey(session, installation.vault)
