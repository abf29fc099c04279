"""`fyi-xpm time add`: records time for a job in FYI. It waits until Xero Practice Manager has it."""

from cli.installation import installation
from cli.next_commands import commands_of
from cli.sending import say_sending
from cli.terminal import say
from xpm.push.editing import Editor
from xpm.push.recording import TimeAsk, add_time
from xpm.words import message


def add(practice: str, ask: TimeAsk, person: str) -> None:
    """Record time. Raises Stopped: the message says what is wrong with the entry."""
    with installation() as opened, commands_of(practice):
        made = add_time(opened, practice, ask, Editor(person))
        say(message("push.time_added", job=ask.job, requests=made.calls).text)
        say_sending(opened, practice)
