"""The one way in which a rule stops a runbook: with a message an administrator can act on."""

from xpm.words.catalogue import Message, message


class Stopped(Exception):  # noqa: N818 - a runbook that stops is an outcome, not a programming error
    """A rule does not let the runbook go on; the message says why and what to do.

    Retrying without doing so cannot help.
    """

    def __init__(self, key: str, **facts: object) -> None:
        super().__init__(key, facts)
        self.message: Message = message(key, **facts)

    def __str__(self) -> str:
        return self.message.text

    def __reduce__(self) -> tuple[object, ...]:
        key, facts = self.args
        return (_stopped, (key, facts))


def _stopped(key: str, facts: dict[str, object]) -> Stopped:
    return Stopped(key, **facts)
