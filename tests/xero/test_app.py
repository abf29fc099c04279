import pytest
from pydantic import SecretStr, ValidationError

from tests.xero.fakes import APP
from xpm.xero.app import DEFAULT_SCOPES, XeroApp, missing_scopes


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


AREAS = {"practicemanager.client.read", "practicemanager.job.read", "practicemanager.staff.read"}


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (DEFAULT_SCOPES, set()),
        (("openid", "offline_access", "practicemanager.read"), set()),
        (("openid", "offline_access", *AREAS), set()),
        (("openid", "offline_access", "practicemanager.client", "practicemanager.job", "practicemanager.staff"), set()),
        (("openid", "offline_access"), AREAS),
        (("openid", "offline_access", "practicemanager.time"), AREAS),
        (("openid", "practicemanager"), {"offline_access"}),
        (("offline_access", "practicemanager"), {"openid"}),
        (
            ("openid", "offline_access", "practicemanager.job.read", "practicemanager.client"),
            {"practicemanager.staff.read"},
        ),
        ((), AREAS | {"openid", "offline_access"}),
    ],
)
def test_a_scope_is_missing_if_neither_a_broad_nor_a_granular_scope_covers_it(
    granted: tuple[str, ...], missing: set[str]
) -> None:
    assert missing_scopes(granted) == missing
