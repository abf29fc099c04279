"""Opening an installation."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.consent.installation import settings_for
from xpm.installation import Installation
from xpm.integration import Integration
from xpm.quota.budget import budget_of
from xpm.store.consent.vault import Vault
from xpm.store.errors import NoKeys
from xpm.xero.clock import utc_now
from xpm.xero.http.client import open_client

XERO = "http://127.0.0.1:9"


def test_an_installation_is_opened_and_closed_by_its_settings(tmp_path: Path) -> None:
    settings = settings_for(XERO, Vault.new_key()).model_copy(
        update={"xpm_database_url": f"sqlite:///{tmp_path / 'xpm.db'}"}
    )
    with Installation.opened_to_migrate(settings) as new:
        new.database.migrate()
    with Integration.opened(settings) as integration:
        assert integration.database.schema_is_current()
        assert integration.vault.open(integration.vault.seal("s", "place"), "place") == "s"
        assert integration.app.redirect_uri == "http://127.0.0.1:4280/oauth/callback"
        assert integration.clock is utc_now
    assert integration.http.is_closed


def test_an_installation_without_keys_is_not_opened(tmp_path: Path) -> None:
    settings = settings_for(XERO, "").model_copy(update={"xpm_encryption_keys": ()})
    with pytest.raises(NoKeys), Integration.opened(settings):
        pass
    assert not list(tmp_path.iterdir())


def test_all_calls_of_a_process_for_one_tenant_share_one_budget(integration: Integration) -> None:
    assert budget_of(integration, "one") is budget_of(integration, "one")
    assert budget_of(integration, "one") is not budget_of(integration, "another")


def test_a_repr_shows_no_password_key_or_secret() -> None:
    key = Vault.new_key()
    settings = settings_for(XERO, key).model_copy(
        update={
            "xpm_database_url": "postgresql+psycopg://fyi:pa55word@db.example/xpm",
            "xero_client_secret": SecretStr("s3cret"),
        }
    )
    with Integration.opened_to_migrate(settings) as base, open_client() as http:
        opened = Integration(base.settings, base.database, base.vault, http)
        shown = f"{opened!r} {opened.app!r} {opened.oauth!r}"
    assert not any(secret in shown for secret in (key, "pa55word", "s3cret"))
