import pytest
from pydantic import SecretStr, ValidationError

from tests.xero.fakes import APP
from xpm.xero.app import XeroApp


def test_an_app_uses_xeros_own_urls_by_default() -> None:
    app = XeroApp(client_id="x", redirect_uri="https://fyi.example/oauth/callback")
    assert app.authorize_url.startswith("https://login.xero.com/")
    assert app.token_url.startswith("https://identity.xero.com/")
    assert app.tax_url is None


def test_an_app_does_not_show_its_secret() -> None:
    assert "app-secret-value" not in repr(APP) + str(APP) + APP.model_dump_json()


def test_an_app_is_immutable() -> None:
    with pytest.raises(ValidationError):
        APP.__setattr__("client_secret", SecretStr("other"))
