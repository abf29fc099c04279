"""`fyi-xpm time add`: records time for a job in FYI. It waits until Xero Practice Manager has it."""

from cli.installation import installation
from cli.sending import sending
from cli.terminal import say
from xpm.push.editing import Editor
from xpm.push.recording import TimeAsk, add_time
from xpm.words import message


def add(practice: str, ask: TimeAsk, person: str) -> None:
    """Record time. Raises Stopped: the message says what is wrong with the entry."""
    with installation() as opened:
        made = add_time(opened, practice, ask, Editor(person))
        then = sending(opened, practice)
    for one in (message("push.time_added", job=ask.job, requests=made.calls), *then):
        say(one.text)
