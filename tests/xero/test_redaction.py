import logging
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from sandbox.server import SandboxServer
from sandbox.world import small_world
from tests.xero.practice import NO_LIMITS, Practice, whole
from xpm.xero import endpoints


@pytest.fixture
def practice() -> Iterator[Practice]:
    with SandboxServer(small_world(limits=NO_LIMITS)) as server:
        connected = Practice(server)
        yield connected
        connected.close()


def test_a_consent_and_a_sync_log_no_secrets(practice: Practice, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        keeper = practice.keeper()
        granted = keeper.tokens
        practice.server.world.clock.advance(1_800)
        whole(practice.api(keeper).list(endpoints.STAFF))
        practice.oauth.revoke(keeper.tokens.refresh_token)
    secrets: list[SecretStr | None] = [practice.app.client_secret]
    for tokens in (granted, keeper.tokens):
        secrets += [tokens.access_token, tokens.refresh_token]
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith(("xpm", "httpx")))
    assert "practicemanager/3.1/staff.api/list" in ours
    for secret in secrets:
        assert secret is not None
        assert secret.get_secret_value() not in ours
