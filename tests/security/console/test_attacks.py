"""Every attack is refused and stores nothing, and the table in docs lists the same attacks."""

from collections.abc import Iterator

import pytest

from sandbox.server import SandboxServer
from sandbox.world import small_world
from sandbox.xpm.limits import RateLimits
from tests.console.conftest import at_sandbox, settings
from tests.console.office import HARBOUR, office_over, path_of
from tests.profiles import deep_but
from tests.security.console.attacks import ATTACKS, IN_CHROMIUM, REPORT, Attack, report
from tests.security.console.scene import OPERATOR, WRONG, Scene, post
from xpm.store.engine.database import Database


@pytest.fixture
def scene(sqlite_database: Database) -> Iterator[Scene]:
    """The console over real HTTP to the sandbox."""
    with SandboxServer(small_world(limits=RateLimits(0, 0, 0, 0))) as server:
        configured = settings(**at_sandbox(server.url), xpm_operators=OPERATOR)
        with office_over(sqlite_database, configured, server.world.clock.now) as office:
            yield Scene.set(office, server)


@pytest.mark.parametrize("attack", deep_but(ATTACKS[len(IN_CHROMIUM) :], ATTACKS), ids=lambda attack: attack.name)
def test_the_attack_is_refused_and_nothing_is_stored(scene: Scene, attack: Attack) -> None:
    before = scene.stored()
    assert before["connection"]
    assert attack.carry_out(scene).startswith(attack.refused)
    after = scene.stored()
    own = {"authorisation_attempt", "connection", "connection_transition", "practice_activity"}
    unchanged = before.keys() - (own if attack.name == "The link to Xero in a mail scanner" else set())
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}


def test_the_same_form_without_an_attack_is_accepted(scene: Scene) -> None:
    answer = post(scene.office.browser, f"/runs/{scene.run}/account", account=WRONG)
    assert path_of(answer) == f"/runs/{scene.run}"
    assert scene.office.runs.answers == [(scene.run, WRONG)]
    assert scene.office.get(f"/practices/{HARBOUR}").status_code == 200


def test_the_documented_table_lists_these_attacks() -> None:
    assert REPORT.read_text("utf-8") == report(), "python -m tests.security.console.attacks rewrites it"
