"""`fyi-xpm keys`: the keys that encrypt what is stored of the connections."""

import sys

from cli.installation import installation
from cli.terminal import say
from xpm.consent import keys
from xpm.store.consent.sealed import Seal
from xpm.store.consent.vault import Vault
from xpm.words import message


def new_key() -> None:
    """Print a new key. Put it first in XPM_ENCRYPTION_KEYS, before the older ones."""
    say(Vault.new_key())


def rotate_keys() -> None:
    """Encrypt everything stored with the newest key, while all programs work on.

    First put the new key in front in XPM_ENCRYPTION_KEYS of every program and restart them; keep the older keys until
    this command says that they can go.
    """
    with installation() as integration:
        resealed, seals = keys.rotate(integration)
    facts = {"count": resealed, "older": seals[Seal.OLDER], "broken": seals[Seal.BROKEN]}
    if seals[Seal.OLDER]:
        key = "operator.keys_in_use"
    else:
        key = "operator.keys_broken" if seals[Seal.BROKEN] else "operator.keys_rotated"
    say(message(key, **facts).text)
    sys.exit(1 if seals[Seal.OLDER] or seals[Seal.BROKEN] else 0)
