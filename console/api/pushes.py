"""Starts a push, so that an edit does not wait for the next one."""


def start_push(_practice: str) -> None:
    """Send what the practice has edited soon. Without it, the push that runs every five minutes does."""
