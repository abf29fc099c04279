"""`fyi-xpm keys`: the keys that encrypt the stored tokens."""

import sys
from typing import NoReturn

from pydantic import BaseModel, ConfigDict

from cli.answers import answer
from cli.installation import installation
from cli.terminal import say
from xpm.consent import keys
from xpm.store.consent.sealed import Seal
from xpm.store.consent.vault import Vault
from xpm.words import Message, message


class Rotation(BaseModel):
    """How many secrets were encrypted again, and how many are still not under the newest key."""

    model_config = ConfigDict(frozen=True)

    resealed: int
    older: int
    broken: int
    message: Message


def new_key() -> None:
    """Print a new key."""
    say(Vault.new_key())


def rotate_keys(*, as_json: bool) -> NoReturn:
    """Encrypt everything stored with the newest key. Exit with 1 if some of it is still under another key."""
    with installation() as opened:
        resealed, seals = keys.rotate(opened)
    older, broken = seals[Seal.OLDER], seals[Seal.BROKEN]
    key = "operator.keys_in_use" if older else "operator.keys_broken" if broken else "operator.keys_rotated"
    said = message(key, count=resealed, older=older, broken=broken)
    rotation = Rotation(resealed=resealed, older=older, broken=broken, message=said)
    answer(rotation, lambda found: say(found.message.text), as_json=as_json)
    sys.exit(1 if older or broken else 0)
