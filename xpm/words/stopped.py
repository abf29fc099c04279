"""The exception with which a rule stops a runbook: it carries a message an administrator can act on."""

from xpm.words.catalogue import Message, message


class Stopped(Exception):
    """A rule stops the runbook; `message` says why and what to do. A retry alone cannot help.

    `recorded`: Practice Activity already has the message.
    """

    def __init__(self, message: Message, recorded: bool = False) -> None:
        super().__init__(message, recorded)
        self.message = message
        self.recorded = recorded

    def __str__(self) -> str:
        return self.message.text


def stop(key: str, **facts: object) -> Stopped:
    """Make a `Stopped` with the catalogue's message for `key`; the caller raises it.

    Raises:
        KeyError: as in `message`.
    """
    return Stopped(message(key, **facts))
