"""Which state of a connection may follow which.

Anyone may begin to reconnect from any state; whoever gives up returns to the state before.
"""

from xpm.store.vocabulary import ConnectionState as State

UNDER_WAY = frozenset({State.AUTHORISING, State.CHOOSING_PRACTICE})
"""States of a reconnect that is not finished; what was there before it still holds."""

ALLOWED: dict[State, frozenset[State]] = {
    State.NOT_CONNECTED: frozenset({State.AUTHORISING}),
    State.AUTHORISING: frozenset({State.AUTHORISING, State.CHOOSING_PRACTICE}),
    State.CHOOSING_PRACTICE: frozenset({State.AUTHORISING, State.CONNECTED}),
    State.CONNECTED: frozenset({State.AUTHORISING, State.NEEDS_RECONNECT, State.DISCONNECTED, State.PRIVILEGE_LOST}),
    State.NEEDS_RECONNECT: frozenset({State.AUTHORISING, State.DISCONNECTED}),
    State.PRIVILEGE_LOST: frozenset(
        {State.AUTHORISING, State.CONNECTED, State.NEEDS_RECONNECT, State.DISCONNECTED}  # the privilege may come back
    ),
    State.DISCONNECTED: frozenset({State.AUTHORISING}),
}


def is_allowed(current: State, to: State, before: State) -> bool:
    """Tell whether `to` may follow `current`; `before` is the state that the reconnect under way began from."""
    return to in ALLOWED[current] or (current in UNDER_WAY and to is before)
