"""People log in to the console at a certified OpenID provider that nobody here wrote, over real HTTP."""

from collections.abc import Iterator

import pytest

from tests.console.conftest import settings
from tests.console.office import CONSOLE, HARBOUR, Office, leads_to, office_over, path_of
from tests.xero.oidc_provider.process import CONFIDENTIAL, PUBLIC, SECRET, IdentityProvider, oidc_provider
from xpm.store.engine.database import Database

pytestmark = [pytest.mark.deep, pytest.mark.xdist_group("oidc-provider")]


@pytest.fixture(scope="module", params=[False, True], ids=["claims in the id_token", "claims in UserInfo"])
def provider(request: pytest.FixtureRequest) -> Iterator[IdentityProvider]:
    with oidc_provider(conforms=request.param) as running:
        yield running


@pytest.fixture(params=[(CONFIDENTIAL, SECRET), (PUBLIC, "")], ids=["with a secret", "with PKCE alone"])
def office(request: pytest.FixtureRequest, provider: IdentityProvider, sqlite_database: Database) -> Iterator[Office]:
    client_id, secret = request.param
    issuer = {"xpm_login_issuer": provider.issuer, "xpm_login_client_id": client_id, "xpm_login_client_secret": secret}
    with office_over(sqlite_database, settings(**issuer)) as office:
        office.browser.cookies.clear()
        yield office


def sign_in(office: Office, provider: IdentityProvider, login: str) -> str:
    """Sign in there, and come back. Returns where the console then leads, or its refusal."""
    led = office.post("/login", {"onward": f"/practices/{HARBOUR}"})
    back = office.browser.get(str(provider.sign_in(leads_to(led), login)).removeprefix(CONSOLE))
    return path_of(back) if back.is_redirect else back.text


def test_a_person_with_a_verified_address_logs_in(office: Office, provider: IdentityProvider) -> None:
    assert sign_in(office, provider, "mere") == f"/practices/{HARBOUR}"
    assert office.get(f"/practices/{HARBOUR}").status_code == 200


def test_the_same_address_unverified_logs_nobody_in(office: Office, provider: IdentityProvider) -> None:
    assert "FYI does not know" in sign_in(office, provider, "mallory")
    assert office.get("/account").status_code == 303


def test_a_rotated_signing_key_is_fetched(office: Office, provider: IdentityProvider) -> None:
    assert sign_in(office, provider, "mere") == f"/practices/{HARBOUR}"
    provider.rotate_keys()
    office.browser.cookies.clear()
    assert sign_in(office, provider, "mere") == f"/practices/{HARBOUR}"
