"""Which state of a connection may follow which.

A reconnect may begin in any state. If it is given up, the connection returns to the state before.
"""

from xpm.store.vocabulary import ConnectionState as State

UNDER_WAY = frozenset({State.AUTHORISING, State.CHOOSING_PRACTICE})
"""The states of an unfinished reconnect. The state before it still holds."""

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
    """Whether `to` may follow `current`. `before` is the state in which the present reconnect began."""
    return to in ALLOWED[current] or (current in UNDER_WAY and to is before)
