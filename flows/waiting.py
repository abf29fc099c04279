"""Waits for the administrator: in the browser for the login to Xero, in forms for the account and its name.

A pause belongs in a flow, not in a task. Whether Xero answered is read from FYI's own records, since everybody who can
see Prefect can press Resume. The forms carry a label and a name, never an id or a secret.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from prefect import get_client, pause_flow_run
from prefect.exceptions import FlowPauseTimeout
from prefect.input import RunInput
from prefect.runtime import flow_run
from prefect.states import Running
from pydantic import Field, create_model

from tasks.connection import close_unanswered, is_answered, unconfirmed
from xpm.account.choice import Offer
from xpm.account.comparison import AccountComparison
from xpm.account.confirmation import question
from xpm.consent.invitation import Invitation
from xpm.words import message, stop

Form = TypeVar("Form", bound=RunInput)

LOOK_EVERY = 1  # seconds between checks whether the run was resumed


class AllowAccess(RunInput):
    """The form of the first pause. It has no fields, since the answer comes from Xero."""


class ChooseAccount(RunInput):
    """The form of the second pause. Its dropdown lists the accounts that Xero offers."""

    account: str


class ConfirmAccount(RunInput):
    """The form of the third pause, in which a person types the account's name. Its schema carries the comparison."""

    account_name: str


def wait_for_consent(invited: Invitation) -> None:
    """Pause until Xero's answer has reached the console. A run that is resumed without an answer pauses again.

    Raises:
        Stopped: nobody answered in time.
    """
    said = message(
        "consent.waiting", person=invited.person.name, until=f"{invited.expires_at:%H:%M} UTC", link=invited.link
    )
    form = AllowAccess.with_initial_data(description=f"{said.title}. {said.next}")
    for turn in range(1_000):
        if is_answered(invited):
            return
        seconds = (invited.expires_at - datetime.now(UTC)).total_seconds()
        if paused(form, f"consent-{turn}", seconds) is None:
            close_unanswered(invited)
            return


def wait_for_choice(invited: Invitation, offers: Sequence[Offer]) -> Offer:
    """Pause with a form that lists the accounts of this consent.

    Raises:
        Stopped: nobody chose in time.
    """
    by_label = {offer.label: offer for offer in offers}
    said = message("choice.waiting", person=invited.person.name, count=len(offers), practice=invited.practice_name)
    listed: Any = Literal[tuple(by_label)]  # a dropdown; known only now
    field = Field(title="Xero Practice Manager account", description=said.next)
    form = create_model("ChooseAccount", __base__=ChooseAccount, account=(listed, field))
    answer = paused(form.with_initial_data(description=said.text), "account", invited.minutes * 60)
    if answer is None:
        raise stop("choice.not_answered", minutes=invited.minutes, practice=invited.practice_name)
    return by_label[answer.account]


def wait_for_name(invited: Invitation, compared: AccountComparison) -> str:
    """Pause with a form that shows the comparison and asks for the account's name; return what was typed.

    Raises:
        Stopped: nobody typed anything in time.
    """
    said = question(compared)
    field: Any = Field(
        title="Name of the Xero Practice Manager account",
        description=said.next,
        json_schema_extra={"compared": compared.model_dump(mode="json")},
    )
    form = create_model("ConfirmAccount", __base__=ConfirmAccount, account_name=(str, field))
    shown = form.with_initial_data(description=f"{compared.sentences}\n\n{said.text}")
    answer = paused(shown, "name", invited.minutes * 60)
    if answer is None:
        raise unconfirmed(invited)
    return answer.account_name


def paused(form: type[Form], key: str, seconds: float) -> Form | None:
    """Pause for an answer; None if none came in time. Every attempt has a new key, since Prefect keeps old answers."""
    try:
        return pause_flow_run(
            wait_for_input=form,
            timeout=max(1, int(seconds)),
            poll_interval=LOOK_EVERY,
            key=f"{key}-{flow_run.run_count}",
        )
    except FlowPauseTimeout:
        _run_again()
        return None


def _run_again() -> None:
    """Set the run to Running: when a pause runs out, the server fails the run with a message of its own."""
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run.id, Running(), force=True)
