"""Takes back what syncs did to a practice's records: one run, or everything since a time.

Preview the revert → confirm with the practice's short name → take the syncs back → an entry in Practice Activity. Needs
no connection to Xero. Writes the artifact `xpm-revert-<practice>`. Without the exact name in time, the run ends *Action
Required* and nothing is changed. A retried run does not take syncs back twice.
"""

from datetime import datetime
from typing import Any, Literal

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.input import RunInput
from prefect.runtime import flow_run
from pydantic import Field, create_model

from flows.ending import cancelled, crashed, failed, state_of, stopped
from flows.reconnect import Minutes
from flows.waiting import about, answered
from tasks.revert import done_before, in_markdown, preview_revert, take_back
from tasks.trail import begin, end_again
from tasks.waiting import MINUTES
from xpm.undo.changed_since import WhenChangedSince
from xpm.undo.revert import RevertPreview, RevertRequest, confirmed_choice
from xpm.words import Stopped, message, stop

CHOICES = {
    "Keep them as they are": WhenChangedSince.KEEP,
    "Take those changes back as well": WhenChangedSince.OVERWRITE,
    "Take back nothing at all": WhenChangedSince.STOP,
}


class ConfirmRevert(RunInput):
    """The form of the pause, in which a person types the practice's short name."""

    short_name: str


class ConfirmRevertAndChoose(ConfirmRevert):
    """The form when others changed records since; its dropdown says what to do with them."""

    changed_since: str


@flow(
    name="revert",
    flow_run_name="{practice} · revert",
    on_crashed=[crashed],
    on_cancellation=[cancelled],
    on_failure=[failed],
)
def revert(
    practice: str,
    run: str = "",
    since: datetime | None = None,
    person: str = "",
    *,
    answer_within_minutes: Minutes = MINUTES,
    confirmed: str = "",
) -> State[Any]:
    """Take back what syncs did.

    Args:
        practice: The practice's short name in FYI, as `fyi-xpm practice list` shows it.
        run: The id of the run to take back, as `fyi-xpm runs` shows it. Leave it empty to give a time instead.
        since: Take back every run that began at this time or later.
        person: FYI email address of the person who asks, for Practice Activity.
        answer_within_minutes: How long the run waits for the confirmation.
        confirmed: Leave it empty. `fyi-xpm revert` passes what was confirmed there.
    """
    request = RevertRequest(
        practice=practice, run=run, since=since, person=person or None, flow_run_id=str(flow_run.id)
    )
    try:
        begin()
        said = done_before(request)
        if said:
            end_again(said)
        else:
            seen = preview_revert(request)
            if confirmed:
                changed_since = confirmed_choice(seen, confirmed)
            else:
                changed_since = wait_for_confirmation(seen, answer_within_minutes)
            said = take_back(request, seen, changed_since)
    except Stopped as reason:
        return stopped(practice, reason)
    return state_of(said)


def wait_for_confirmation(seen: RevertPreview, minutes: float) -> WhenChangedSince:
    """Wait until somebody types the practice's short name; return what to do with records that others changed since.

    If what would be taken back changes while the run waits, the answer was about something else: it is asked again.

    Raises:
        Stopped: nobody answered in time, or something else was typed.
    """
    form = _form(seen, minutes).with_initial_data(description=in_markdown(seen))
    answer = answered(form, about("revert", seen.model_dump_json()), minutes * 60)
    if answer is None:
        raise stop("revert.not_answered", minutes=minutes, practice=seen.practice_name)
    typed = answer.short_name.strip()
    if typed != seen.practice:
        raise stop("revert.not_confirmed", typed=typed, practice=seen.practice_name, slug=seen.practice)
    return CHOICES[answer.changed_since] if isinstance(answer, ConfirmRevertAndChoose) else WhenChangedSince.STOP


def _form(seen: RevertPreview, minutes: float) -> type[ConfirmRevert]:
    """Make the form; it asks about records that others changed only if there are any."""
    said = message("revert.confirm", slug=seen.practice, minutes=minutes)
    name: Any = (str, Field(title=said.title, description=said.next))
    if not seen.changed_since:
        return create_model("ConfirmRevert", __base__=ConfirmRevert, short_name=name)
    asked = message("revert.confirm_changed_since")
    choice: Any = (Literal[tuple(CHOICES)], Field(title=asked.title, description=asked.next))
    return create_model("ConfirmRevert", __base__=ConfirmRevertAndChoose, short_name=name, changed_since=choice)
