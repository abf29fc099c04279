"""Signs of life of calls that take long."""

import threading

from xpm.quota.pulse import Pulse

PATIENCE = 30  # seconds


def test_what_ends_while_a_sign_of_life_waits_for_its_turn_gets_none() -> None:
    waits, ended, given = threading.Event(), threading.Event(), threading.Event()
    signs: list[list[str]] = []

    def renew() -> None:
        waits.set()
        assert ended.wait(PATIENCE)
        signs.append(pulse.under_way())
        given.set()

    pulse = Pulse(renew, seconds=0.001)
    with pulse.beating("long"):
        with pulse.beating("short"):
            assert waits.wait(PATIENCE)
        ended.set()
        assert given.wait(PATIENCE)
    assert signs[0] == ["long"]
