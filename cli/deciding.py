"""`fyi-xpm edits keep`, `take` and so on: what a person decides about edits that cannot go on by themselves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cli.confirming import typed_number
from cli.edits import PUT_BACK, show_list
from cli.installation import installation
from cli.next_commands import NextCommand, commands_of, filled_in
from cli.sending import say_sending
from cli.terminal import say
from xpm.installation import Installation
from xpm.push.deciding import Decision, Verdict, decide
from xpm.push.listing import list_edits
from xpm.store.vocabulary import EditState
from xpm.words import message, stop


@dataclass(frozen=True)
class Choice:
    """A verdict, the key of the sentence that says what was done, and whether it leaves something to be sent.

    `of` are the edits that *all* means; `undo` is how to take the choice back.
    """

    verdict: Verdict
    done: str
    of: Collection[EditState] = ()
    is_sent: bool = True
    undo: NextCommand | None = None


_PUT_BACK = NextCommand("Put FYI's value back", PUT_BACK.typed)

CHOICES = {
    "keep": Choice(Decision.keep, "push.kept", [EditState.CONFLICT]),
    "take": Choice(Decision.take, "push.taken", [EditState.CONFLICT], is_sent=False, undo=_PUT_BACK),
    "withdraw": Choice(Decision.withdraw, "push.given_up", is_sent=False, undo=_PUT_BACK),
    "try-again": Choice(Decision.try_again, "push.queued_again", [EditState.REFUSED]),
    "put-back": Choice(Decision.put_back, "push.back_again"),
}


def decide_some(practice: str, choice: str, numbers: Sequence[int], person: str) -> None:
    """Decide about these edits, all of them or none."""
    with installation() as opened:
        _decide(opened, practice, CHOICES[choice], numbers, person)


def decide_all(practice: str, choice: str, field: str | None, person: str, *, yes: bool) -> None:
    """Decide about all edits that wait for it, or those of one field, after a typed confirmation of their number."""
    chosen = CHOICES[choice]
    with installation() as opened:
        found = list_edits(opened, practice, chosen.of, field=field)
        if not found:
            say(message("push.none_listed").text)
            return
        if not yes:
            show_list(found, opened.practice(practice).time_zone)
            if typed_number(len(found)) != len(found):
                raise stop("push.not_confirmed", count=len(found))
        _decide(opened, practice, chosen, [one.number for one in found], person)


def _decide(opened: Installation, practice: str, chosen: Choice, numbers: Sequence[int], person: str) -> None:
    with commands_of(practice, numbers[0] if len(numbers) == 1 else "EDIT", person):
        count = decide(opened, practice, chosen.verdict, numbers, person)
    say(message(chosen.done, count=count, practice=practice).text)
    if chosen.undo:
        say(filled_in(chosen.undo, practice, " ".join(map(str, numbers)), person).line)
    if chosen.is_sent:
        say_sending(opened, practice)
