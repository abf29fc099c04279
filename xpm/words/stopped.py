"""The one way in which a rule stops a runbook: with a message an administrator can act on."""

from xpm.words.catalogue import Message, message


class Stopped(Exception):
    """A rule does not let the runbook go on; `message` says why and what to do. Retrying alone cannot help.

    `recorded`: Practice Activity has the message already.
    """

    def __init__(self, said: Message, recorded: bool = False) -> None:
        super().__init__(said, recorded)
        self.message = said
        self.recorded = recorded

    def __str__(self) -> str:
        return self.message.text


def stop(key: str, **facts: object) -> Stopped:
    """A `Stopped` that says what the catalogue has under `key`; raise it.

    Raises:
        KeyError: as `message` does.
    """
    return Stopped(message(key, **facts))
