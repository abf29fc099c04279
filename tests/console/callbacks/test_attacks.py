"""Every attack is refused and stores nothing, and the table in docs lists the same attacks."""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.identity.keys import sign
from sandbox.server import SandboxServer
from sandbox.world import small_world
from sandbox.xpm.limits import RateLimits
from tests.console.callbacks.attacks import ATTACKS, REPORT, Attack, report
from tests.console.callbacks.scene import Forger, Scene
from tests.console.conftest import at_sandbox, settings
from tests.console.office import HARBOUR, office_over, text_of
from xpm.store.consent import connections
from xpm.store.engine.database import Database
from xpm.store.vocabulary import ConnectionState


@pytest.fixture
def scene(database: Database) -> Iterator[Scene]:
    """A connected practice's console, over real HTTP to the sandbox."""
    forger = Forger()
    with (
        SandboxServer(small_world(limits=RateLimits(0, 0, 0, 0))) as server,
        httpx.Client(transport=forger) as http,
        office_over(database, settings(**at_sandbox(server.url)), server.world.clock.now, http) as office,
    ):
        office.connect()
        yield Scene(office, server, forger)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_the_attack_is_refused_and_nothing_is_stored(
    scene: Scene, attack: Attack, caplog: pytest.LogCaptureFixture
) -> None:
    refused = attack.carry_out(scene)
    assert scene.before["consent"]
    assert scene.stored() == scene.before
    if refused is not None:
        assert refused.status_code == 400
        assert attack.refused in text_of(refused)
    if attack.finding:
        assert repr(attack.finding) in caplog.text


@pytest.mark.also_on_postgresql("one path of the callback")
def test_the_same_answer_without_an_attack_is_accepted(scene: Scene) -> None:
    taken = scene.bring(scene.go(scene.invited()).answer)
    assert taken.status_code == 303
    assert scene.stored() != scene.before
    with scene.office.integration.database.read() as session:
        assert connections.get(session, HARBOUR).state is ConnectionState.CHOOSING_PRACTICE


def test_a_forged_token_with_true_content_is_accepted(scene: Scene) -> None:
    """Otherwise the forged tokens might be refused only because of how they are forged."""
    scene.forger.forge = sign
    assert scene.bring(scene.go(scene.invited()).answer).status_code == 303


def test_a_login_that_fails_because_of_a_clock_says_so(scene: Scene) -> None:
    scene.forger.forge = lambda claims: sign(claims | {"iat": claims["iat"] + 3_600, "nbf": claims["nbf"] + 3_600})
    scene.forger.date = "Mon, 02 Mar 2026 10:00:00 GMT"
    refused = scene.bring(scene.go(scene.invited()).answer)
    assert refused.status_code == 400
    assert "Ask whoever runs this server to correct its clock" in text_of(refused)
    assert scene.stored() == scene.before


def test_the_table_in_docs_lists_these_attacks() -> None:
    assert REPORT.read_text(encoding="utf-8") == report()
