"""Keeps secrets out of the audit trail (OWASP ASVS 5.0, 16.2.5), and makes texts safe to store and print (16.4.1)."""

import re
from collections.abc import Iterator, Mapping

from pydantic import SecretStr
from sqlalchemy import make_url

from xpm.settings import Settings
from xpm.store.tables import SettingValue

MOST = 300  # characters of a text; a longer one is cut
SHORTEST = 6  # characters; anything shorter is no secret, and masking it would garble other texts
MASK = "[secret]"
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, changes of direction, and half characters: terminals obey some, and databases refuse others."""


class SecretInTrail(ValueError):
    """A program wants to write a secret setting to the audit trail. Names the setting, never its value."""


def secret_settings() -> frozenset[str]:
    """The settings that are marked secret: of a secret type, or left out when settings are shown."""
    fields = Settings.model_fields.items()
    return frozenset(name for name, field in fields if not field.repr or "SecretStr" in str(field.annotation))


def safe_text(text: str | None, settings: Settings, most: int = MOST) -> str | None:
    """The text without secrets and control characters, cut to `most` characters."""
    if text is None:
        return None
    for secret in _secrets(settings):
        text = text.replace(secret, MASK)
    return UNPRINTABLE.sub("\ufffd", text)[:most]


def safe_values(values: Mapping[str, SettingValue] | None, settings: Settings) -> dict[str, SettingValue] | None:
    """The settings with safe texts. Raises SecretInTrail if one is marked secret."""
    if values is None:
        return None
    if named := sorted(name for name in values if name.lower() in secret_settings()):
        raise SecretInTrail(", ".join(named))
    return {name: safe_text(one, settings) if isinstance(one, str) else one for name, one in values.items()}


def _secrets(settings: Settings) -> Iterator[str]:
    """Every secret that this installation has in its configuration."""
    for _, value in settings:
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, SecretStr) and len(one.get_secret_value()) >= SHORTEST:
                yield one.get_secret_value()
    password = make_url(settings.xpm_database_url).password
    if password and len(password) >= SHORTEST:
        yield password
