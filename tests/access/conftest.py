"""An installation with secrets in its configuration."""

import pytest
from pydantic import SecretStr

from tests.store.kit import KEY, NOW, VAULT
from xpm.installation import Installation
from xpm.settings import Settings
from xpm.store.engine.database import Database

SECRETS = (KEY, "a-client-secret-of-xero", "https://chat.example/hooks/T0123", "hunter-2-hunter")


@pytest.fixture
def installation(database: Database) -> Installation:
    settings = Settings(
        _env_file=None,
        xpm_database_url=f"postgresql://xpm:{SECRETS[3]}@db.example/xpm",
        xpm_encryption_keys=(SecretStr(KEY),),
        xero_client_secret=SecretStr(SECRETS[1]),
        xpm_notify_url=SecretStr(SECRETS[2]),
    )
    return Installation(settings, database, VAULT, clock=lambda: NOW)
