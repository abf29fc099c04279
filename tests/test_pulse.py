"""Signs of life for long calls."""

import threading

from xpm.pulse import Pulse

PATIENCE = 30  # seconds


def test_a_call_that_ends_while_a_sign_of_life_waits_is_not_renewed() -> None:
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
